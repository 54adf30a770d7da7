import ArgumentParser
import Diagnostics
import Monitor
import YAML

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say how the daemon is: the status document it keeps in its report folder.")

  @Option(help: "The configuration, which says where the reports are.")
  var config: String = "/etc/plasticityd/config.yaml"

  func run() throws {
    let reports = try Configuration.load(config).reports
    StandardStream.output.write(try readDocument(reports + "/status.yaml"))
  }
}
