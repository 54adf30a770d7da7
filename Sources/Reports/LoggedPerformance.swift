/// Loss and accuracy as the training logged them in a checkpoint, where there is no probe to measure them on.
struct LoggedPerformance {
  /// On the data that are trained on, nats.
  let loss: Double?
  /// On the same data, 0…1.
  let accuracy: Double?

  /// How trainers call the two, the usual names first: a loss and an accuracy of one line are of the same data.
  private static let names: [(loss: String, accuracies: [String])] = [
    ("loss", ["accuracy", "acc"]),
    ("train_loss", ["train_accuracy", "train_acc"]),
    ("train/loss", ["train/accuracy", "train/acc"]),
    ("training_loss", ["training_accuracy", "training_acc"]),
    ("loss/train", ["accuracy/train", "acc/train"]),
    ("train_loss_epoch", ["train_accuracy_epoch", "train_acc_epoch"]),
    ("train/loss_epoch", ["train/accuracy_epoch", "train/acc_epoch"]),
  ]

  /// - Parameter metrics: by name. A negative loss and an accuracy beyond 100 % are none.
  init(_ metrics: [String: Double]) {
    let known = Self.names.first { metrics[$0.loss].map { $0 >= 0 } ?? false }
    loss = known.flatMap { metrics[$0.loss] }
    // Beside a bare `loss` an `accuracy` is often of other data, unless those have names of their own.
    let isTold =
      known?.loss != "loss" || ["val_accuracy", "val_acc"].contains { metrics[$0] != nil }
    let value = isTold ? known?.accuracies.lazy.compactMap { metrics[$0] }.first : nil
    // Many log percents.
    accuracy = value.flatMap { (0...1).contains($0) ? $0 : (1...100).contains($0) ? $0 / 100 : nil }
  }
}
