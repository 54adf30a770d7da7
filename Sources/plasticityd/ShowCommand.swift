import ArgumentParser
import Diagnostics
import Monitor
import Reports

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a run in the terminal: its curve, its state, its layers.",
    discussion: """
      RUN is the run's folder of reports, or its run.yaml. Of a long run about sixty checkpoints are \
      shown, evenly over log(step) and wherever the state changes.
      """)

  @Argument(
    help: ArgumentHelp(
      "The run's folder of reports, for example reports/mnist1d-cnn-sgd.", valueName: "run"))
  var folder: String

  @Flag(help: "Show every checkpoint, however many there are.")
  var all = false

  func run() throws {
    let path = folder.hasSuffix(".yaml") ? folder : folder + "/run.yaml"
    let document = try readDocument(
      path, remedy: "name a run's folder below the reports, or wait for its first checkpoint")
    let report = try RunReport(yaml: document, path: path)
    let lines = RunPicture(report, columns: StandardStream.output.columns ?? 100, showsAll: all)
      .lines
    try StandardStream.output.print(lines.joined(separator: "\n") + "\n")
  }
}
