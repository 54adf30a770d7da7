public import ArgumentParser
import Diagnostics
public import Information
import Monitor
import Networks
public import Pipeline
import Reports

struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    abstract: "Measure one checkpoint; YAML on standard output.",
    discussion: """
      Without --probe: spectra, norms, and the optimizer's moments where the checkpoint has them.
      With --probe: Fisher information, information in the weights, recordings.

        plasticityd probe runs/a/step_400.pt
        plasticityd probe runs/a/step_400.pt --probe runs/a/probe --previous runs/a/step_300.pt
      """)

  @Argument(help: "A checkpoint file, or a Trainer's checkpoint-N folder.")
  var checkpoint: String

  @Option(name: .customLong("probe"), help: "A folder with graph.onnx and batch.npz.")
  var probeDirectory: String?

  @OptionGroup var fisher: FisherOptions

  @Option(
    help: """
      Add examples of the probe, then labels drawn for them, until the relative standard error of the \
      total Fisher trace is below this, for example 0.02. By default all examples are measured.
      """)
  var precision: Double?

  @Option(help: "Add no more examples after so many seconds; the report says what they gave.")
  var seconds: Double?

  @Option(
    help: "Draws of the weights that the predicted rise of the loss is checked with; 0 for none.")
  var weightDraws: Int?

  @Option(help: "An earlier checkpoint of the run to compare with.")
  var previous: String?

  @Option(
    help: """
      Mean entropy of the prediction at the run's reference checkpoint, bits: the tempered trace is \
      taken at the temperature that gives it (the daemon gives that of the trace's peak so far).
      """)
  var referenceEntropyBits: Double?

  @Option(name: .customLong("run"), help: "The run's name in the report.")
  var runName: String?

  @Option(help: "Measure less: trace leaves out all but loss and Fisher trace.")
  var only: ProbeRequest.Measures = .everything

  @Option(help: ArgumentHelp("How scores are drawn: signs or labels.", visibility: .private))
  var sampling: ScoreSampling = .signs

  @Option(name: .customLong("repeat"), help: ArgumentHelp("Passes to time.", visibility: .private))
  var repeats = 1

  @Option(help: ArgumentHelp("Examples in the network at once.", visibility: .private))
  var blockExamples: Int?

  @Flag(help: ArgumentHelp("Add what later checkpoints are compared with.", visibility: .private))
  var kept = false

  @Flag(
    name: .customLong("await"),
    help: ArgumentHelp(
      "CHECKPOINT is a folder: do what needs no more, then read the path of one in it from input.",
      visibility: .private))
  var awaits = false

  @Option(
    help: """
      Limit of the process's memory, \(WorkerLimits.leastMebibytes) or more; examples are measured in blocks, \
      and on as many threads, as fit.
      """)
  var memoryLimitMebibytes: Int?

  func validate() throws {
    if let precision, !(precision > 0) { throw ValidationError("--precision: more than 0") }
    if let seconds, !(seconds > 0) { throw ValidationError("--seconds: more than 0") }
    if let weightDraws, !(0...10_000).contains(weightDraws) {
      throw ValidationError("--weight-draws: 0 to 10000")
    }
    if let referenceEntropyBits, !(referenceEntropyBits > 0 && referenceEntropyBits.isFinite) {
      throw ValidationError("--reference-entropy-bits: more than 0, and finite")
    }
    if let memoryLimitMebibytes, !(WorkerLimits.leastMebibytes...1 << 20 ~= memoryLimitMebibytes) {
      throw ValidationError(
        "--memory-limit-mebibytes: \(WorkerLimits.leastMebibytes) to \(1 << 20)")
    }
    if repeats < 1 { throw ValidationError("--repeat: at least 1") }
    if let blockExamples, blockExamples < 1 {
      throw ValidationError("--block-examples: at least 1")
    }
  }

  func run() throws {
    if let memoryLimitMebibytes {
      try WorkerLimits.apply(memoryLimitMebibytes: memoryLimitMebibytes)
    }
    let sandbox = enterSandbox(
      checkpoints: [checkpoint, previous].compactMap { $0 },
      probes: [probeDirectory].compactMap { $0 })
    if probeDirectory != nil { FreedMemory.isKept() }
    guard var report = try awaits ? measureAwaited() : probe(checkpoint, request()) else { return }
    report.sandbox = sandbox
    if probeDirectory != nil, report.probe == nil, let finding = report.findings.last {
      StandardStream.error.write(
        "\(finding.code): \(escapedForTerminal(finding.where)): "
          + "\(escapedForTerminal(finding.text))\n")
    }
    try StandardStream.output.print(report.yaml())
  }

  /// Does what needs no checkpoint, then measures the one whose path comes on standard input; nil
  /// when none comes.
  private func measureAwaited() throws -> CheckpointReport? {
    let folder = probeDirectory.map(ProbeFolderState.init)
    // What is wrong now is told when there is a checkpoint that it concerns, if it is wrong then.
    var request = try? request()
    var prepared = request.flatMap { try? Preparation($0) }
    guard let path = StandardStream.input.readAll(limit: 1 << 16), !path.isEmpty else { return nil }
    narrowSandbox(
      checkpoints: [path, previous].compactMap { $0 }, probes: [probeDirectory].compactMap { $0 })
    if folder != probeDirectory.map(ProbeFolderState.init) { (request, prepared) = (nil, nil) }
    return try probe(path, request ?? self.request(), prepared: prepared)
  }

  private func request() throws(Problem) -> ProbeRequest {
    var request = fisher.request
    request.run = runName
    request.probe = try probeDirectory.map(readProbe)
    if precision != nil || seconds != nil {
      let stated = request.probe?.budget
      request.budget = EstimationBudget(
        precision: precision ?? stated?.precision, seconds: seconds ?? stated?.seconds)
    }
    request.weightDraws = weightDraws
    request.referenceEntropyBits = referenceEntropyBits
    request.previous = previous
    request.keepsEvidence = kept
    request.measures = only
    request.repeats = repeats
    request.sampling = sampling
    request.blockExamples = blockExamples
    if let memoryLimitMebibytes {
      request.memoryLimitBytes = memoryLimitMebibytes << 20
      request.threads = WorkerLimits.threads(
        wanted: request.threads, memoryLimitMebibytes: memoryLimitMebibytes)
    }
    return request
  }
}

extension ScoreSampling: ExpressibleByArgument {}
extension ProbeRequest.Measures: ExpressibleByArgument {}
