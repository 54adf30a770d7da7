// Optimizers that keep no Adam's moments with one decay: sums, decays by group, decays that are not in the file.
// What their steps' squared gradients were is in Fixtures/moments/expected.json (generate.py beside it).

import Diagnostics
import Foundation
import Pipeline
import Reports
import Testing

@Suite struct MomentEvidenceTests {
  private struct Case: CustomTestStringConvertible, Sendable {
    let run: String
    let suffix: String
    var beta2: Double?
    var flags: [String] = []
    /// Whether the file tells what sums began at.
    var tellsStart = true
    var testDescription: String { run }
  }

  private static let cases = [
    Case(run: "adagrad", suffix: "pt"),
    Case(run: "two-betas", suffix: "pt", flags: ["mixed_betas"]),
    Case(run: "optax", suffix: "msgpack", beta2: 0.95, flags: ["stated_decay"]),
    // What the file tells stands against what is stated.
    Case(run: "injected", suffix: "msgpack", beta2: 0.5),
    Case(run: "optax-adagrad", suffix: "msgpack", tellsStart: false),
  ]

  private static let folder = Fixtures.root.appending(path: "moments").path

  private func report(_ run: Case, _ step: Int, since previous: Int? = nil) throws
    -> CheckpointReport
  {
    var request = ProbeRequest()
    request.training.beta2 = run.beta2
    request.previous = previous.map { "\(Self.folder)/\(run.run)-\($0).\(run.suffix)" }
    return try probe("\(Self.folder)/\(run.run)-\(step).\(run.suffix)", request)
  }

  @Test(arguments: cases) private func windowsAreThoseOfTheSteps(run: Case) throws {
    let truth = try JSONDecoder().decode(
      [String: [String: [Double]]].self,
      from: Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/expected.json")))
    let expected = try #require(truth[run.run])
    for (window, report) in [try report(run, 4), try report(run, 9, since: 4)].enumerated() {
      #expect(report.evidence == ["weights", "optimizer"])
      #expect(report.layers.map(\.name) == expected.keys.sorted())
      for layer in report.layers {
        let moment = try #require(layer.optimizer).windowedSecondMoment
        if window == 0, !run.tellsStart {
          #expect(
            moment == .absent(reason: "what the sum of squared gradients began at is not known"))
          continue
        }
        let value = try #require(moment.value, "\(layer.name): \(moment)")
        let exact = try #require(expected[layer.name])[window]
        // The files hold float32; a decay of 0.999 magnifies its rounding 1/(1 − β2^Δ) times.
        #expect(abs(value - exact) < 2e-5 * exact, "\(layer.name)")
      }
      let flags = report.optimizer?.flags ?? []
      #expect(Set(flags).isSuperset(of: run.flags))
      #expect(flags.contains("stated_decay") == run.flags.contains("stated_decay"))
    }
  }

  @Test func anUntoldDecayIsAskedFor() throws {
    let report = try report(Case(run: "optax", suffix: "msgpack"), 9)
    #expect(report.evidence == ["weights"])
    #expect(
      report.skipped.contains {
        $0.name == "optimizer"
          && $0.reason.hasSuffix("give beta2 in plasticity.yaml or with --beta2")
      })
  }

  /// Tasks are compared by the mean square, whatever the optimizer gathered it as.
  @Test(arguments: ["adagrad", "two-betas"]) func distancesRestOnMeans(run: String) throws {
    var request = ProbeRequest()
    request.training.batchSize = 16
    let report = try distance(
      "\(Self.folder)/\(run)-4.pt", "\(Self.folder)/\(run)-9.pt", request)
    #expect(report.evidence == "optimizer")
    #expect(report.symmetric.value != nil)
  }
}
