import Testing

@testable import Monitor

@Suite struct WallClockTests {
  @Test func jumpsAreTold() {
    var clock = WallClock()
    let start = Duration.seconds(1_700_000_000)
    #expect(clock.jump(to: start, at: .seconds(10)) == nil)
    // Time goes on, also through a suspend; small steps are no news.
    #expect(clock.jump(to: start + .seconds(3_600), at: .seconds(3_610)) == nil)
    #expect(clock.jump(to: start + .seconds(3_630), at: .seconds(3_611)) == nil)
    // Ten years on, and back again.
    let years = Duration.seconds(315_532_800)
    #expect(clock.jump(to: start + .seconds(3_631) + years, at: .seconds(3_612)) == years)
    #expect(clock.jump(to: start + .seconds(3_632) + years, at: .seconds(3_613)) == nil)
    #expect(clock.jump(to: start + .seconds(3_633), at: .seconds(3_614)) == .zero - years)
    #expect(clock.jump(to: .zero, at: .seconds(3_615)) == .zero - start - .seconds(3_634))
  }
}
