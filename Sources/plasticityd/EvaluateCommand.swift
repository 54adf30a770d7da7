import ArgumentParser
import Diagnostics
import Monitor
import Reports

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Compare our rule and the published ones on runs whose end is known.",
    discussion: """
      RUNS are labelled runs, or folders of them. Each holds a label.json (a sensitivity curve and \
      its end, as `plasticityd sensitivity` reads it off a deficit experiment) beside a series.json, \
      or beside checkpoints/ with probe.onnx and probe.npz, which --measure has measured first. One \
      that cannot be read is passed over and named; the others are compared without it.

      Printed per method: ends named, false ends, mean |log2(named/labelled)| and its distance to \
      the label's interval, delay as a part of the end's step, stated probability against the \
      observed frequency. `ours-left-out` has its constants fitted without the run it is asked about.
      """)

  @Argument(help: ArgumentHelp("Labelled runs, or folders of them.", valueName: "RUNS"))
  var runs: [String]

  @Option(
    help: ArgumentHelp(
      "Measure checkpoints into this folder, where a run has them, instead of reading series.json.",
      valueName: "FOLDER"))
  var measure: String?

  func validate() throws {
    if measure?.isEmpty == true { throw ValidationError("--measure: name a folder") }
  }

  func run() throws {
    let report = try evaluate(runs, measuringInto: measure) { problem in
      StandardStream.error.write("passed over: \(escapedForTerminal("\(problem)"))\n")
    }
    try StandardStream.output.print(report.yaml())
  }
}
