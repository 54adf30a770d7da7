import Reports
import Testing

/// What `plasticityd show` prints of a run that was resumed at an earlier step, and wrote steps anew.
@Suite struct RunPictureLivesTests {
  private func dividers(_ lines: [String]) -> [Int] {
    lines.indices.filter { lines[$0].hasPrefix("───") }
  }

  private func step(_ line: String) -> Int? {
    line.split(separator: " ").first.flatMap { Int($0) }
  }

  @Test func livesStandApartInTheTable() throws {
    let lines = RunPicture(SampleRun.resumed(at: [32, 1])).lines
    let dividers = dividers(lines)
    #expect(
      dividers.map { lines[$0] } == ["─── resumed at step 32", "─── begun again at step 1"])
    #expect(dividers.map { step(lines[$0 - 1]) } == [1024, 2048])
    #expect(dividers.map { step(lines[$0 + 1]) } == [32, 1])
  }

  @Test func aRunOfOneLifeIsNotDivided() {
    var run = SampleRun.report(checkpoints: 11)
    run.trajectory.append(
      TrajectoryRow(step: nil, segment: 0, state: "waiting", report: "r.yaml", path: "/r.pt"))
    let lines = RunPicture(run).lines
    #expect(dividers(lines).isEmpty)
    #expect(lines.contains { $0.hasPrefix("      ?") })
    #expect(lines.contains("shares over log(step), each line of its layer's own range:"))
  }

  /// A long run is thinned, yet never where a life ends and the next begins.
  @Test func aLongRunKeepsItsLivesApart() {
    var run = SampleRun.report(checkpoints: 3000)
    run.trajectory += SampleRun.report(checkpoints: 3100).trajectory[2999...].map { row in
      var row = row
      row.segment = 1
      row.state = "closed"
      return row
    }
    let lines = RunPicture(run).lines
    #expect(lines.count < 100)
    let dividers = dividers(lines)
    #expect(dividers.map { lines[$0] } == ["─── resumed at step 2999"])
    #expect(dividers.map { step(lines[$0 - 1]) } == [2999])
    #expect(dividers.map { step(lines[$0 + 1]) } == [2999])
  }

  @Test func theStripIsOfTheLastLifeAndSaysSo() throws {
    var run = SampleRun.resumed(at: [32])
    for index in run.trajectory.indices where run.trajectory[index].segment == 1 {
      run.trajectory[index].shares = [0.2, 0.3, 0.5]
    }
    let lines = RunPicture(run).lines
    let start = try #require(
      lines.firstIndex(
        of:
          "shares over log(step) since it was resumed at step 32, each line of its layer's own range:"
      ))
    // The life before it had shares that moved.
    for line in lines[(start + 1)...(start + 3)] { #expect(Set(line.dropFirst(9)) == ["█"]) }
    // Of one checkpoint there is nothing to be seen over time.
    run.trajectory.removeLast(6)
    #expect(!RunPicture(run).lines.contains { $0.hasPrefix("shares over log(step)") })
  }
}
