import ArgumentParser
import Diagnostics
import Pipeline
import Reports

struct DistanceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distance",
    abstract: "Say how far two checkpoints are apart as tasks; YAML on standard output.",
    discussion: """
      A and B are checkpoints of one architecture, or folders of reports, each of which stands for its \
      run's last checkpoint. Two questions are answered, by layer and in total:

        symmetric             do the two need the same filters? 0 (the same) to 1; the cosine \
      distance of Task2Vec embeddings, without the classifier
        a_to_b, b_to_a        asymmetric: the same, less 0.15 of how complex the starting task is; \
      fine_tuning_cost_bits: the code length of one's weights for who has the other's

      With --probe the Fisher information on the probe says what is needed. Without one the \
      optimizer's second moments do, if both checkpoints have them; costs then need --batch-size.

        plasticityd distance runs/a/step_900.pt runs/b/step_900.pt --probe runs/a/probe
        plasticityd distance reports/a reports/b --probe probes/digits
        plasticityd distance a.pt b.pt --probe probes/birds --probe-b probes/flowers
      """)

  @Argument(help: ArgumentHelp("A checkpoint, or a run's folder of reports.", valueName: "A"))
  var first: String

  @Argument(help: ArgumentHelp("Another of the same architecture.", valueName: "B"))
  var second: String

  @Option(name: .customLong("probe"), help: "A folder with graph.onnx and batch.npz.")
  var probeDirectory: String?

  @Option(
    name: .customLong("probe-b"), help: "The probe of B, when its task has data of its own.")
  var secondProbeDirectory: String?

  @OptionGroup var fisher: FisherOptions

  func validate() throws {
    if secondProbeDirectory != nil, probeDirectory == nil {
      throw ValidationError("--probe-b: give A's with --probe too")
    }
  }

  func run() throws {
    let checkpoints = try [first, second].map(checkpointStandingFor)
    _ = enterSandbox(
      checkpoints: checkpoints, probes: [probeDirectory, secondProbeDirectory].compactMap { $0 })
    var request = fisher.request
    request.probe = try probeDirectory.map(readProbe)
    let report = try distance(
      checkpoints[0], checkpoints[1], request, probeOfB: try secondProbeDirectory.map(readProbe))
    try StandardStream.output.print(report.yaml())
  }
}
