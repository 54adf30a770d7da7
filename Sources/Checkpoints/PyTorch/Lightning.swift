// What PyTorch Lightning keeps beside the weights (checkpoint_connector.dump_checkpoint).
internal import Diagnostics

enum Lightning {
  /// The scores of its ModelCheckpoint callbacks, under the name of what they monitor.
  static func complete(_ facts: inout TrainingFacts, _ archive: TorchArchive) throws(Problem) {
    for (_, callback) in (archive.root["callbacks"]?.entries ?? []).prefix(100) {
      guard let monitored = callback["monitor"]?.text else { continue }
      if let score = callback["current_score"], let number = try archive.number(score) {
        facts.metrics[monitored] = number
      }
    }
  }
}
