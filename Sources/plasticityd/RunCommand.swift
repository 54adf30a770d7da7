import ArgumentParser
import Diagnostics
import Glibc
import Monitor

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run the daemon: watch, measure, report.",
    discussion: """
      Watches every root of the configuration until SIGTERM. SIGHUP reads the configuration again \
      and keeps the old one when the new one is wrong. Logs go to standard error.
      """)

  @Option(help: "The configuration.")
  var config: String = "/etc/plasticityd/config.yaml"

  func run() throws {
    let configuration = try Configuration.load(config)
    let daemon = try Daemon(configuration, Daemon.Parts(version: version))
    try daemon.takeSignals()
    Glibc.exit(daemon.run())
  }
}
