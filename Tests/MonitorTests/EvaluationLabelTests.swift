// The labelled series in etc/evaluation: their labels are what is read off their own curves.

import Foundation
import Monitor
import Reports
import Testing

@Suite struct EvaluationLabelTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../etc/evaluation").standardized

  static let names: [String] = {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return all.filter {
      FileManager.default.fileExists(atPath: folder.appending(path: "\($0)/label.json").path)
    }.sorted()
  }()

  @Test func thereAreEnoughOfThem() {
    #expect(Self.names.count >= 12)
  }

  @Test(arguments: names) func labelIsWhatItsCurveSays(_ name: String) throws {
    let path = Self.folder.appending(path: name).path
    let file = path + "/label.json"
    let label = try LabelFile(json: Array(try Data(contentsOf: URL(filePath: file))), path: file)
    let series = path + "/series.json"
    let rows = try SeriesFile(
      json: Array(try Data(contentsOf: URL(filePath: series))), path: series
    ).rows
    #expect(rows.count >= 30)
    #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.step < $1.step })
    // Runs whose answer follows from the definition have no curve.
    guard let curve = label.sensitivity, curve.count > 1 else {
      #expect(label.endEpoch == nil)
      return
    }
    let report = try sensitivity(of: [path])
    guard let end = label.endEpoch else { return }
    let read = try #require(report.curves[0].end)
    #expect(abs(read.epoch - end) < 0.2, "\(name): \(read.epoch)")
    let interval = try #require(label.endEpochInterval)
    #expect(interval[0] <= end + 0.2 && end - 0.2 <= interval[1])
    #expect(interval[1] <= curve.map(\.start).max() ?? 0)
  }
}
