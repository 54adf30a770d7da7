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

  @Option(help: "How labels are drawn: exact or sampled. By default the probe says.")
  var labels: ProbeSettings.Labels?

  @Option(help: "Labels per example (or position) when sampled.")
  var draws: Int?

  @Option(help: "Seed of the draws.")
  var seed: Int?

  @Option(help: "Tolerance that the costs are counted at, nats of loss.")
  var toleranceNats: Double?

  @Option(help: "Examples of one training step, where optimizer moments say what is needed.")
  var batchSize: Int?

  @Option(help: "Threads to compute on.")
  var threads: Int = 2

  func validate() throws {
    if let draws, draws < 1 { throw ValidationError("--draws: at least 1") }
    if let seed, seed < 0 { throw ValidationError("--seed: at least 0") }
    if let toleranceNats, !(toleranceNats > 0) {
      throw ValidationError("--tolerance-nats: more than 0")
    }
    if let batchSize, batchSize < 1 { throw ValidationError("--batch-size: at least 1") }
    if threads < 1 || threads > 1024 { throw ValidationError("--threads: 1 to 1024") }
    if secondProbeDirectory != nil, probeDirectory == nil {
      throw ValidationError("--probe-b: give A's with --probe too")
    }
  }

  func run() throws {
    let checkpoints = try [first, second].map(checkpointStandingFor)
    _ = enterSandbox(
      checkpoints: checkpoints, probes: [probeDirectory, secondProbeDirectory].compactMap { $0 })
    var request = ProbeRequest()
    request.probe = try probeDirectory.map(readProbe)
    request.labels = labels
    request.draws = draws
    request.seed = seed
    request.toleranceNats = toleranceNats
    request.batchSize = batchSize
    request.threads = threads
    let report = try distance(
      checkpoints[0], checkpoints[1], request, probeOfB: try secondProbeDirectory.map(readProbe))
    StandardStream.output.write(try report.yaml())
  }
}
