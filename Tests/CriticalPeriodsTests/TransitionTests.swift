// What a person is told of, by the judgements alone.
import CriticalPeriods
import Testing

@Suite struct TransitionTests {
  private func said(_ states: [PeriodState], segments: [Int]? = nil) -> [String] {
    let judgements = states.enumerated().map { position, state in
      Judgement(
        segment: segments?[position] ?? 0, step: position, state: state,
        peak: [.peaked, .consolidating].contains(state)
          ? Peak(step: 1, interval: 0...2, decidedAtStep: position) : nil)
    }
    return transitions(from: judgements).map { "\($0.state.rawValue) \($0.judgement.step)" }
  }

  /// A first peak is told also where the shares had settled already.
  @Test func aFirstPeakIsToldOnce() {
    #expect(said([.acquiring, .peaked, .consolidating, .closed]) == ["peaked 1", "closed 3"])
    #expect(said([.acquiring, .consolidating, .peaked, .closed]) == ["peaked 1", "closed 3"])
    #expect(
      said([.acquiring, .closed, .reopened, .consolidating, .closed])
        == ["closed 1", "reopened 2", "closed 4"])
    // What a resumed run carries over was said.
    #expect(said([.consolidating, .consolidating], segments: [0, 1]) == ["peaked 0"])
  }
}
