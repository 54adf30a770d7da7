import ArgumentParser
import Diagnostics
import Monitor
import Pipeline

struct BackfillCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backfill",
    abstract: "Measure a finished run: the same documents as the daemon writes.",
    discussion: """
      Every checkpoint below FOLDER is measured in the order of its step. What is already reported \
      in the report folder is not measured again, unless it was measured without the probe, or the \
      decay of an optimizer's moments, that is given now; a checkpoint that cannot be read is \
      rejected and the others go on. A run's plasticity.yaml holds here as it does for the daemon.

        plasticityd backfill runs/my-run --probe runs/my-run/probe --reports reports
        plasticityd show reports/my-run
      """)

  @Argument(help: "The folder that the training wrote its checkpoints to.")
  var folder: String

  @Option(
    name: .customLong("probe"),
    help: "A folder with graph.onnx and batch.npz, in place of the runs' own.")
  var probeDirectory: String?

  @Option(help: "Where the reports go.")
  var reports: String = "reports"

  @Option(help: "How labels are drawn: exact or sampled. By default the probe says.")
  var labels: ProbeSettings.Labels?

  @Option(help: "Threads to compute on.")
  var threads: Int = 2

  func validate() throws {
    if reports.isEmpty { throw ValidationError("--reports: name a folder") }
    if threads < 1 || threads > 1024 { throw ValidationError("--threads: 1 to 1024") }
  }

  func run() throws {
    let probe = try probeDirectory.map { folder throws(Problem) in
      Backfill.Probe(folder: folder, digest: try ProbeDefinition(directory: folder).digest)
    }
    var bar = ProgressBar()
    let backfill = Backfill(
      folder: folder, reports: reports, threads: threads, probe: probe, labels: labels?.rawValue)
    let runs = try backfill.run { progress in
      if let problem = progress.problem { bar.say("rejected " + escapedForTerminal(problem)) }
      bar.draw(
        finished: progress.finished, total: progress.total, seconds: progress.seconds,
        measured: progress.measured)
    }
    bar.end()
    for run in runs {
      try StandardStream.output.print(
        "\(run.reports)/run.yaml; look at it with: plasticityd show \(run.reports)\n")
    }
  }
}
