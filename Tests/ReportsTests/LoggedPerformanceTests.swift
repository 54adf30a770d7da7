import Testing

@testable import Reports

@Suite struct LoggedPerformanceTests {
  @Test(
    arguments: [
      (["loss": 2, "accuracy": 0.5, "val_accuracy": 0.4], 2, 0.5),
      (["loss": 2, "accuracy": 0.5], 2, nil),
      (["train_loss": 2, "accuracy": 0.5, "train_acc": 87.5], 2, 0.875),
      (["train/loss": 0.1, "train/accuracy": 1], 0.1, 1),
      (["loss": -3, "train_loss": 1], 1, nil),
      (["train_loss": 1, "train_accuracy": 140], 1, nil),
      (["val_loss": 1, "val_accuracy": 0.3], nil, nil),
      ([:], nil, nil),
    ] as [([String: Double], Double?, Double?)])
  func aLossAndAnAccuracyOfTheSameData(
    metrics: [String: Double], loss: Double?, accuracy: Double?
  ) {
    let logged = LoggedPerformance(metrics)
    #expect(logged.loss == loss)
    #expect(logged.accuracy == accuracy)
  }
}
