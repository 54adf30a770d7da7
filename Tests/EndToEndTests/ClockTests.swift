// Nothing is decided by the wall clock: neither ours nor the one that dated the files.

import Foundation
import Reports
import Testing

@Suite struct ClockTests {
  private static let compiler = Program.find("clang") ?? Program.find("cc")

  @Test(.enabled(if: compiler != nil, "no C compiler"))
  func jumpsChangeNothing() throws {
    let tree = try DaemonTree()
    let clock = tree.path + "/jumping_clock.so"
    let built = try Program.run(
      try #require(Self.compiler),
      [
        "-shared", "-fPIC", "-o", clock,
        Fixtures.root.appending(path: "jumping_clock.c").path, "-ldl",
      ])
    try #require(built.code == 0, "\(built.error)")
    let run = "\(tree.path)/runs/r"
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    try tree.start(environment: ["LD_PRELOAD": clock])
    // The files' own dates: ten years on, 1970, ten years back, and going back from step to step.
    let dates = [1_900_000_000, 0, 1_400_000_000, 1_300_000_000, 1_200_000_000]
    for (step, date) in dates.enumerated() {
      let path = "\(run)/step_\(step).safetensors"
      var file = HostileFiles.safetensors(["fc.weight"])
      // The lowest byte of the last element: another content of the same kind.
      file[file.count - 4] = UInt8(step)
      try Data(file).write(to: URL(filePath: path + ".tmp"))
      var times = [timeval(tv_sec: date, tv_usec: 0), timeval(tv_sec: date, tv_usec: 0)]
      try #require(utimes(path + ".tmp", &times) == 0)
      try #require(rename(path + ".tmp", path) == 0)
      try #require(tree.waitForReports(["r": step + 1]))
    }
    #expect(tree.stop().code == 0)
    let report = try tree.run("r")
    #expect(report.trajectory.map(\.step) == Array(dates.indices))
    #expect(report.trajectory.allSatisfy { $0.segment == 0 })
    #expect(report.rejected.isEmpty && report.missed == 0)
    // It was another clock: the status was written in different years.
    #expect(tree.status().contains("state: stopped"))
    #expect(!tree.status().contains("jumps: 0"), "\(tree.status())")
    #expect(tree.log.contains("the wall clock was set by"))
    #expect(!tree.written().contains { $0.hasPrefix("alerts/") })
    #expect(!tree.log.contains("error"))
  }
}
