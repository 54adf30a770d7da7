import ArgumentParser
import Diagnostics
import Glibc
import Monitor
import Reports

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say how the daemon is: the status document it keeps in its report folder.",
    discussion: "Exit code 69 when the daemon that wrote it is gone without having stopped.")

  @Option(help: "The configuration, which says where the reports are.")
  var config: String = "/etc/plasticityd/config.yaml"

  func run() throws {
    let reports = try Configuration.reports(namedBy: config)
    let path = reports + "/status.yaml"
    let document = try readDocument(
      path, remedy: "start the daemon, which writes it; or name its configuration with --config")
    let head = try StatusHead(yaml: document, path: path)
    try StandardStream.output.print(document)
    guard head.state != "stopped", let process = pid_t(exactly: head.process),
      kill(process, 0) != 0, errno == ESRCH
    else { return }
    throw Problem(
      "not-running", at: path, "process \(process), which wrote it, is gone, or on another machine",
      remedy: "start the daemon: systemctl start plasticityd", kind: .unavailable)
  }
}
