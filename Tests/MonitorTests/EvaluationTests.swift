import Diagnostics
import Foundation
import Monitor
import Reports
import Testing

/// The labelled runs of the project, and what is promised of them.
@Suite struct EvaluationTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../etc/evaluation").standardizedFileURL.path

  /// The folders of the runs of one kind of optimizer.
  private static func runs(adaptive: Bool) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      .filter { name in
        let isAdaptive = ["adam", "rms", "adagrad"].contains { name.contains($0) }
        return isAdaptive == adaptive
          && FileManager.default.fileExists(atPath: "\(folder)/\(name)/label.json")
      }
      .map { "\(folder)/\($0)" }
  }

  /// Level and spread of the score are fitted without the network that is asked about.
  @Test func ourRuleHoldsOnGradientDescent() throws {
    let report = try evaluate(Self.runs(adaptive: false))
    #expect(report.labelled >= 79)
    let ours = try #require(report.methods.first { $0.method == "ours-left-out" })
    #expect(ours.decisions == report.labelled)
    // mnist1d-relu8-cosine.
    #expect(ours.falseEnds <= 1)
    #expect(try #require(ours.errorLog2) <= 0.4)
    #expect(try #require(ours.delay) <= 0.25)
    #expect(try #require(ours.delayFromOwn) <= 0.1)
    // No baseline is nearly as close.
    for other in report.methods where !other.method.hasPrefix("ours") {
      guard let error = other.errorLog2, other.decisions == report.labelled else { continue }
      #expect(try #require(ours.errorLog2) < 0.65 * error, "\(other.method)")
    }
  }

  @Test func lessIsPromisedOfAdaptiveOptimizers() throws {
    let report = try evaluate(Self.runs(adaptive: true))
    #expect(report.labelled >= 24)
    let ours = try #require(report.methods.first { $0.method == "ours" })
    #expect(ours.decisions == report.labelled)
    // conv1d-adam and mnist1d-rms-tanh4.
    #expect(ours.falseEnds <= 2)
    #expect(try #require(ours.errorLog2) <= 0.85)
    #expect(try #require(ours.delayFromOwn) <= 0.1)
  }

  @Test func statedProbabilitiesAreObserved() throws {
    for one in try evaluate([Self.folder]).reliability where one.checkpoints >= 20 {
      #expect(abs(one.stated - one.observed) <= 0.1, "\(one)")
    }
  }

  @Test func aFolderWithoutLabelsIsNamed() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    do throws(Problem) {
      _ = try evaluate([folder.path])
      Issue.record("nothing thrown")
    } catch {
      #expect(error.code == "no-labels")
    }
  }
}
