import CriticalPeriods
import Foundation

/// A series kept as JSON: the fields of `SeriesPoint` by name.
enum RecordedSeries {
  private struct Point: Decodable {
    let step: Int
    let information: Double?
    let informationStandardError: Double?
    let contributions: [Double]?
    let layers: [Layer]?
    let loss: Double?
    let accuracy: Double?
    let epoch: Double?
    let confidence: Double?
    let jacobianTrace: Double?
    let scaleFreeTrace: Double?
    let learningRate: Double?
    let weightNorm: Double?
  }

  private struct Layer: Decodable {
    let name: String
    let information: Double
  }

  static func read(_ url: URL) throws -> [SeriesPoint] {
    try JSONDecoder().decode([Point].self, from: Data(contentsOf: url)).map { point in
      SeriesPoint(
        step: point.step, information: point.information,
        informationStandardError: point.informationStandardError,
        contributions: point.contributions,
        layers: (point.layers ?? []).map { LayerPoint(name: $0.name, information: $0.information) },
        loss: point.loss, accuracy: point.accuracy, confidence: point.confidence,
        jacobianTrace: point.jacobianTrace, scaleFreeTrace: point.scaleFreeTrace,
        epoch: point.epoch, learningRate: point.learningRate, weightNorm: point.weightNorm)
    }
  }

  /// One of the series in `Fixtures/`.
  static func named(_ name: String, file: String = #filePath) throws -> [SeriesPoint] {
    try read(
      URL(filePath: file).deletingLastPathComponent().appending(path: "Fixtures/\(name).json"))
  }
}
