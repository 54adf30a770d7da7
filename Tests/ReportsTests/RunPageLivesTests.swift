import Reports
import Testing

/// A page of a run that was resumed at an earlier step, and wrote steps anew.
@Suite struct RunPageLivesTests {
  private func page(_ run: RunReport) -> String {
    String(decoding: RunPage(run).html, as: UTF8.self)
  }

  /// The tags of a name, each with the places of its points from left to right as they are drawn.
  private func shapes(_ name: String, in page: String) -> [(tag: Substring, places: [Double])] {
    page.split(separator: "<\(name) ").dropFirst().map { shape in
      let tag = shape.prefix { $0 != ">" }
      let points = tag.split(separator: "points=\"").last?.prefix { $0 != "\"" } ?? ""
      return (
        tag, points.split(separator: " ").compactMap { Double($0.prefix { $0 != "," }) }
      )
    }
  }

  private func goesOn(_ places: some Collection<Double>) -> Bool {
    zip(places, places.dropFirst()).allSatisfy { $0 < $1 }
  }

  @Test func eachLifeIsALineThatNeverGoesBack() throws {
    let page = page(SampleRun.resumed(at: [32]))
    let lines = shapes("polyline", in: page)
    // Two charts of two curves, each once a life.
    try #require(lines.count == 8)
    for line in lines { #expect(line.places.count > 4 && goesOn(line.places)) }
    for (before, after) in [(lines[0], lines[1]), (lines[4], lines[5])] {
      #expect(before.places.count == 11 && after.places.count == 7)
      #expect(before.places[0] == 10 && after.places[6] == 890)
      // Both lives have the step at one place.
      #expect(Array(before.places[5...]) == Array(after.places[..<6]))
    }
    #expect(lines.map { $0.tag.contains("opacity=") } == (0..<8).map { $0 % 2 == 0 })
    #expect(
      page.ranges(of: "over log(step); lighter: before it was resumed at step 32<").count == 2)
    #expect(page.ranges(of: ">step 1</text>").count == 3)
    #expect(page.ranges(of: ">step 2048</text>").count == 3)
  }

  @Test func sharesOfOneLifeEndWhereTheNextBegins() throws {
    let bands = shapes("polygon", in: page(SampleRun.resumed(at: [32])))
    try #require(bands.count == 6)
    for (band, count) in zip(bands, [5, 5, 5, 7, 7, 7]) {
      #expect(band.places.count == 2 * count)
      // The lower edge goes on, the upper one comes back.
      #expect(goesOn(band.places.prefix(count)) && goesOn(band.places.suffix(count).reversed()))
    }
    let (end, start) = (try #require(bands[2].places.max()), try #require(bands[3].places.min()))
    #expect(end < start)
    #expect(bands.map { $0.tag.contains("opacity=") } == [true, true, true, false, false, false])
  }

  /// What a life did after a step that a later one was resumed at is drawn as a curve, not as shares.
  @Test func aLifeThatWasGoneBackBehindHasNoShares() throws {
    let page = page(SampleRun.resumed(at: [32, 16]))
    #expect(shapes("polyline", in: page).count == 12)
    let bands = shapes("polygon", in: page)
    #expect(bands.map(\.places.count) == [8, 8, 8, 18, 18, 18])
    #expect(page.contains("lighter: before it was resumed at step 16<"))
  }

  @Test func livesStandApartInTheTable() throws {
    let page = page(SampleRun.resumed(at: [32, 1]))
    let table = try #require(page.split(separator: "<h2>Checkpoints</h2>").last)
    let rows = table.split(separator: "<tr").dropFirst(2)
      .compactMap { $0.split(separator: "<td").dropFirst().first?.split(separator: ">")[0...] }
      .compactMap { $0.first == " colspan=\"8\"" ? $0.dropFirst().first : $0.first }
      .map { $0.prefix { $0 != "<" } }
    let steps = (0..<13).map { Substring("\(1 << $0)") }
    #expect(
      rows == steps[..<11] + ["resumed at step 32"] + steps[5..<12] + ["begun again at step 1"]
        + steps)
  }

  @Test func aRunOfOneLifeIsNotDivided() {
    var run = SampleRun.report(checkpoints: 11)
    // Without a step it is listed, and of no life.
    run.trajectory.append(
      TrajectoryRow(step: nil, segment: 0, state: "waiting", report: "r.yaml", path: "/r.pt"))
    run.trajectory[11].loss = 1
    let page = page(run)
    #expect(page.contains("<tr><td>?</td><td>1.00</td>"))
    for text in ["class=\"life\"", "opacity", "resumed", "begun", "lighter", "each life"] {
      #expect(!page.contains(text), "\(text)")
    }
    let lines = shapes("polyline", in: page)
    #expect(lines.count == 4 && lines.allSatisfy { goesOn($0.places) })
    #expect(lines.last?.places.count == 11)
  }

  /// The first checkpoint after a resumption is seen at once.
  @Test func aLifeOfOneCheckpointIsADot() throws {
    var run = SampleRun.resumed(at: [32])
    run.trajectory.removeLast(6)
    let page = page(run)
    #expect(shapes("polyline", in: page).count == 4)
    #expect(page.ranges(of: "<circle ").count == 4)
    #expect(page.ranges(of: "cx=\"450.0\"").count == 4)
    #expect(shapes("polygon", in: page).count == 3)
  }
}
