import ArgumentParser
import Diagnostics
import Monitor
import Reports

struct SensitivityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sensitivity",
    abstract: "Read a deficit experiment: what bad data cost, and when they stopped costing it.",
    discussion: """
      In a deficit experiment the same network is trained once clean and once for each window of \
      epochs in which its data were spoilt, three seeds or more each. What a window costs in final \
      accuracy, against where it starts, is the sensitivity curve. The critical period ended where \
      the curve last falls below a quarter of its maximum: `end`, with an interval over seeds. \
      Where no window leaves a lasting mark there is no end, and the reason says so.

      RUNS are the runs' folders, or the folder that holds them all; each run holds a deficit.yaml, \
      which probes/deficit/deficit.py writes:

        python3 probes/deficit/deficit.py examples:relu --out runs/blur \\
            --windows 0,3,6,10,15,20,30,50 --length 20
        plasticityd backfill runs/blur/control-seed1 --probe runs/blur/probe --reports reports
        plasticityd sensitivity runs/blur --reports reports

      What the weights held meanwhile stands beside the curve, as far as it is known: from the \
      clean run's reports below --reports, or from series.json in its folder. A folder with a \
      label.json is a curve already averaged; its end is read off anew. A run that has not ended, or \
      cannot be read, is left out and named under findings. YAML on standard output.
      """)

  @Argument(
    help: ArgumentHelp("Folders of runs, or the folder that holds them all.", valueName: "RUNS"))
  var runs: [String]

  @Option(
    help: ArgumentHelp(
      "Where backfill or the daemon reports the clean run (reports/<run>/run.yaml).",
      valueName: "FOLDER"))
  var reports: String?

  func run() throws {
    try StandardStream.output.print(sensitivity(of: runs, reports: reports).yaml())
  }
}
