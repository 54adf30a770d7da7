// `plasticityd sensitivity` as a person runs it: documents on standard output, problems in one line.

import Foundation
import Reports
import Testing

@Suite struct SensitivityCommandTests {
  static let evaluation = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../etc/evaluation").standardized

  @Test func labelledRunGivesItsCurveAndItsInformation() throws {
    let run = Self.evaluation.appending(path: "relu-exp").path
    let done = try Program.plasticityd("sensitivity", run)
    #expect(done.code == 0)
    #expect(done.error.isEmpty)
    let report = try SensitivityReport(yaml: done.output, path: "sensitivity.yaml")
    let curve = try #require(report.curves.first)
    #expect(curve.points.count == 11)
    let largest = try #require(curve.points.compactMap(\.accuracyLoss.value).max())
    #expect(curve.points[0].accuracyLoss.value == largest)
    // The period ends while the information still rises; then that falls.
    let end = try #require(curve.end?.step)
    let information = try #require(report.information.first)
    #expect(end < information.peakStep ?? 0)
    #expect(information.keptFraction ?? 1 < 0.8)
  }

  @Test func deprivedNetworkKeepsItsInformation() throws {
    let run = Self.evaluation.appending(path: "permanent-blur").path
    let done = try Program.plasticityd("sensitivity", run)
    #expect(done.code == 0)
    let report = try SensitivityReport(yaml: done.output, path: "sensitivity.yaml")
    #expect(report.information.first?.keptFraction ?? 0 > 0.95)
    #expect(report.curves.first?.end == nil)
    #expect(report.curves.first?.reason?.hasPrefix("few-windows: ") == true)
  }

  @Test func mistakesAreOneLineEach() throws {
    let missing = try Program.plasticityd("sensitivity", "/nonexistent/runs")
    #expect(missing.code == 66)
    #expect(
      missing.errorLines == [
        "no-such-folder: /nonexistent/runs: there is no such folder; "
          + "name the folder that probes/deficit/deficit.py wrote to with --out"
      ])
    #expect(try Program.plasticityd("sensitivity").code == 64)
    let mixed = try Program.plasticityd("sensitivity", Self.evaluation.path)
    #expect(mixed.code == 64)
    #expect(mixed.errorLines.count == 1)
    #expect(mixed.error.hasPrefix("mixed-runs: "))
  }
}
