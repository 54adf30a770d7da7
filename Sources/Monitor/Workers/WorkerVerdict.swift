// What follows from the way a worker ended. Pure; the exit codes are those of sysexits.h as
// Diagnostics.Problem.Kind lists them.

internal import Diagnostics
internal import Watching

/// What to do with a checkpoint after a worker.
enum WorkerVerdict: Sendable, Hashable {
  /// Record what it found.
  case record([UInt8])
  /// Start another worker once; then refuse the checkpoint, with this code and reason.
  case retry(code: String, reason: String)
  /// Refuse the checkpoint.
  case reject(code: String, reason: String)
  /// Not now: the file is still being written.
  case postpone(reason: String)
  /// Not before its settings are changed: the run's probe or configuration is wrong.
  case hold(reason: String)
  /// The daemon stops, or the file's root does not answer; the attempt does not count.
  case abandon

  /// Whether the checkpoint was read.
  var isReport: Bool { if case .record = self { true } else { false } }

  /// Whether a refusal's code says that workers were ended, and nothing of the checkpoint.
  static func isEndOfWorker(_ code: String?) -> Bool {
    ["worker-crashed", "worker-timeout"].contains(code)
  }

  init(_ outcome: ProcessOutcome, memoryLimitMebibytes: Int? = nil) {
    switch outcome {
    case .document(let bytes) where bytes.isEmpty:
      self = .retry(code: "worker-silent", reason: "the worker ended without a report")
    case .document(let bytes):
      self = .record(bytes)
    case .refused(let code, let line):
      self = Self.refused(code, line)
    case .crashed(let signal, let line):
      let said = line.isEmpty ? "" : "; it said: \(line)"
      let limit = memoryLimitMebibytes.map { " (its memory limit is \($0) MiB)" } ?? ""
      self = .retry(
        code: "worker-crashed", reason: "the worker ended by signal \(signal)\(limit)\(said)")
    case .timedOut(let time):
      self = .retry(
        code: "worker-timeout",
        reason: "the worker was killed after \(Int(time.inSeconds.rounded())) s")
    case .tooLarge(let limit):
      self = .retry(
        code: "worker-output-too-large", reason: "the worker said more than \(limit) bytes")
    case .notStarted(let problem):
      self = .postpone(reason: problem.description)
    case .cancelled:
      self = .abandon
    }
  }

  private static func refused(_ code: Int32, _ line: String) -> WorkerVerdict {
    let reason = line.isEmpty ? "the worker ended with exit code \(code)" : line
    let word = stableCode(of: line) ?? "worker-exit-\(code)"
    switch Problem.Kind(rawValue: code) {
    case .tryAgain: return .postpone(reason: reason)
    // What is wrong with our own options is no fault of the checkpoint.
    case .configuration, .usage: return .hold(reason: reason)
    case .data, .noInput, .permission: return .reject(code: word, reason: reason)
    case .unavailable, .software, .io, nil: return .retry(code: word, reason: reason)
    }
  }

  /// The kebab-case word that every problem's line begins with.
  private static func stableCode(of line: String) -> String? {
    let word = line.prefix { $0 != ":" }
    let isCode = word.utf8.allSatisfy {
      (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
    }
    return isCode && word.utf8.count > 2 && word.utf8.count < line.utf8.count ? String(word) : nil
  }
}
