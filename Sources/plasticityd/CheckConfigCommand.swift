import ArgumentParser
import Diagnostics
import Glibc
import Monitor

struct CheckConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-config",
    abstract: "Check a configuration: exit code 0, or 78 and file:line:column.")

  @Option(help: "The configuration.")
  var config: String = "/etc/plasticityd/config.yaml"

  func run() throws {
    let configuration = try Configuration.load(config)
    let roots = configuration.roots.map { root in
      "  \(root.path)" + (Self.isThere(root.path) ? "" : " (not there yet: it is waited for)")
        + (root.probe.map { ", probe \($0)\(Self.remark(onProbe: $0))" } ?? "")
    }
    let alerts = configuration.alerts.map { ["  alerts are told to \($0.executable)"] } ?? []
    try StandardStream.output.print(
      ([
        "\(configuration.file) is fine: state in \(configuration.state), reports in "
          + "\(configuration.reports), \(configuration.roots.count) watched"
      ] + roots + alerts).map(escapedForTerminal).joined(separator: "\n") + "\n")
  }

  private static func remark(onProbe folder: String) -> String {
    ["graph.onnx", "probe.yaml"].contains { isThere("\(folder)/\($0)") }
      ? ""
      : " (no graph.onnx is there yet: its runs are held back until make_probe.py has written it)"
  }

  private static func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
