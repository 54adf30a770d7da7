import Testing

@testable import CriticalPeriods

@Suite struct JensenShannonTests {
  @Test func boundsAndAKnownValue() {
    #expect(jensenShannonBits([1, 0], [0, 1]) == 1)
    #expect(jensenShannonBits([0.3, 0.7], [0.3, 0.7]) == 0)
    // H(0.5) − H(0.25)/2 − H(0.75)/2 = 1 − 0.8112781244591328.
    let value = jensenShannonBits([0.25, 0.75], [0.75, 0.25])
    #expect(abs(value - 0.1887218755408672) < 1e-12)
  }
}
