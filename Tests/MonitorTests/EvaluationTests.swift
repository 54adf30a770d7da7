import Diagnostics
import Foundation
import Monitor
import Reports
import Testing

/// The labelled runs of the project, and what is promised of them.
@Suite struct EvaluationTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../etc/evaluation").standardizedFileURL.path

  @Test func ourRuleHoldsOnRunsItWasNotFittedTo() throws {
    let report = try evaluate([Self.folder])
    #expect(report.labelled >= 65)
    let ours = try #require(report.methods.first { $0.method == "ours-left-out" })
    #expect(ours.decisions == report.labelled)
    // Of fifteen runs that never close: one of an adaptive optimizer.
    #expect(ours.falseEnds <= 1)
    #expect(try #require(ours.errorLog2) <= 0.45)
    // Most of it is that of the adaptive optimizers.
    #expect(try #require(ours.delay) <= 0.3)
    #expect(try #require(ours.delayFromOwn) <= 0.1)
    // No baseline is nearly as close.
    for other in report.methods where !other.method.hasPrefix("ours") {
      guard let error = other.errorLog2, other.decisions == report.labelled else { continue }
      #expect(try #require(ours.errorLog2) < 0.65 * error, "\(other.method)")
    }
  }

  @Test func statedProbabilitiesAreObserved() throws {
    for one in try evaluate([Self.folder]).reliability where one.checkpoints >= 20 {
      #expect(abs(one.stated - one.observed) <= 0.12, "\(one)")
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
