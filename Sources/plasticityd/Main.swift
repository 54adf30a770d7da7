// The command line: one file per subcommand. Each parses, calls, prints, and chooses the exit code.

import ArgumentParser
import Diagnostics
import Glibc

struct Root: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plasticityd",
    abstract: "Watches training runs and says when their critical learning period ends.",
    discussion: """
      A training job writes checkpoints into a folder; plasticityd measures each one: how much \
      information every layer's weights hold, how it flows between layers, and whether the \
      network can still change course. Nothing of the training is changed.

      A first look at one checkpoint, and at a finished run:
        plasticityd probe checkpoints/step_400.pt
        plasticityd backfill checkpoints/ --reports reports/
        plasticityd show reports/checkpoints

      Beside running jobs, as a service:
        plasticityd check-config --config /etc/plasticityd/config.yaml
        plasticityd run --config /etc/plasticityd/config.yaml

      Exit codes: 0 done, 64 usage, 65 bad data, 66 no input, 70 our defect, 74 I/O, 75 try \
      again, 77 permission, 78 configuration.
      """,
    version: version,
    subcommands: [
      RunCommand.self, ProbeCommand.self, BackfillCommand.self, InspectCommand.self,
      ShowCommand.self, DistanceCommand.self, SensitivityCommand.self, EvaluateCommand.self,
      StatusCommand.self,
      CheckConfigCommand.self,
    ])
}

/// The program's version, as reports and `--version` state it.
let version = "0.1.0"

@main
enum Entry {
  static func main() {
    signal(SIGPIPE, SIG_IGN)
    StandardStream.ensureOpen()
    do {
      var command = try Root.parseAsRoot()
      try command.run()
    } catch let problem as Problem {
      StandardStream.error.write("\(problem)\n")
      exit(problem.kind.rawValue)
    } catch {
      Root.exit(withError: error)
    }
  }
}

/// The process's three streams without buffering surprises.
struct StandardStream {
  static let input = StandardStream(descriptor: STDIN_FILENO)
  static let output = StandardStream(descriptor: STDOUT_FILENO)
  static let error = StandardStream(descriptor: STDERR_FILENO)
  let descriptor: Int32

  /// Puts `/dev/null` where a parent has closed one of the three: else the next file that is opened,
  /// such as the ledger, would be what messages are written to.
  static func ensureOpen() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      // The lowest free number is taken, which is this one.
      _ = open("/dev/null", number == STDIN_FILENO ? O_RDONLY : O_WRONLY)
    }
  }

  /// Whether a person is looking.
  var isTerminal: Bool { isatty(descriptor) == 1 }

  /// The terminal's width, if it is one.
  var columns: Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  func write(_ text: String) { _ = written(Array(text.utf8)) }

  /// Writes what the command was asked for, which must not be lost unseen; a reader that has left wants no more.
  ///
  /// Errors: `output-failed`.
  func print(_ text: String) throws(Problem) { try print(Array(text.utf8)) }

  func print(_ bytes: [UInt8]) throws(Problem) {
    guard let code = written(bytes), code != EPIPE else { return }
    throw Problem(
      "output-failed", at: "standard output", "\(String(cString: strerror(code)))",
      remedy: "make room or send it elsewhere, and run the command again", kind: .io)
  }

  /// All that comes until its end, as text; nil when it is more than so many bytes, or cannot be read.
  func readAll(limit: Int) -> String? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while bytes.count <= limit {
      let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      if count > 0 {
        bytes += buffer[..<count]
      } else if errno != EINTR {
        return nil
      }
    }
    return nil
  }

  /// The error that kept the rest from being written, if one did.
  private func written(_ bytes: [UInt8]) -> Int32? {
    var offset = 0
    return bytes.withUnsafeBytes { raw in
      while offset < raw.count {
        let written = Glibc.write(
          descriptor, raw.baseAddress?.advanced(by: offset), raw.count - offset)
        if written < 0 {
          if errno == EINTR { continue }
          return errno
        }
        offset += written
      }
      return nil
    }
  }
}
