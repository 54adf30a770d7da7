// The two streams of a program, read together so that neither can block it.

internal import Glibc
internal import Watching

struct BoundedStreams {
  enum Ending {
    /// Both streams are closed, or the program has ended.
    case ended
    /// The deadline has passed.
    case late
    /// More output than allowed.
    case tooLarge
  }

  /// What it has said on standard output.
  private(set) var output: [UInt8] = []
  private var errors: [UInt8] = []
  private var descriptors: [Int32]
  private let outputLimit: Int
  private var buffer = [UInt8](repeating: 0, count: 65_536)
  // Enough for the last line; the rest is read and dropped.
  private static let errorLimit = 65_536

  init(_ child: ChildProcess, outputLimit: Int) {
    descriptors = [child.output, child.error]
    self.outputLimit = outputLimit
    for descriptor in descriptors { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
  }

  /// Reads until both streams are closed. `isOver` is asked now and then, for a program whose streams are
  /// kept open by a process it has left behind, or by itself when it cannot even be killed.
  mutating func read(until deadline: Duration, _ isOver: () -> Bool) -> Ending {
    while descriptors.contains(where: { $0 >= 0 }) {
      let remaining = deadline - BootClock.now()
      guard remaining > .zero else { return .late }
      var waited = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      let ready = poll(&waited, nfds_t(waited.count), min(remaining.inPollMilliseconds, 500))
      if ready == 0, isOver() {
        drain()
        return .ended
      }
      for (number, entry) in waited.enumerated() where entry.revents != 0 { take(number) }
      if output.count > outputLimit { return .tooLarge }
    }
    return .ended
  }

  /// Reads what is there already.
  mutating func drain() {
    for number in descriptors.indices {
      while descriptors[number] >= 0, output.count <= outputLimit, take(number) {}
    }
  }

  mutating func close() {
    for number in descriptors.indices where descriptors[number] >= 0 {
      Glibc.close(descriptors[number])
      descriptors[number] = -1
    }
  }

  /// The last line on standard error that is not blank.
  var lastLine: String {
    let text = String(decoding: errors, as: UTF8.self)
    let lines = text.split(whereSeparator: \.isNewline)
    return lines.last { $0.contains { !$0.isWhitespace } }.map { String($0.prefix(4_096)) } ?? ""
  }

  /// Whether something was read.
  @discardableResult
  private mutating func take(_ number: Int) -> Bool {
    let descriptor = descriptors[number]
    let got = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
    if got > 0 {
      if number == 0 {
        output += buffer[..<got]
      } else {
        errors += buffer[..<got]
        if errors.count > Self.errorLimit { errors.removeFirst(errors.count - Self.errorLimit) }
      }
      return true
    }
    if got < 0, errno == EINTR || errno == EAGAIN { return false }
    Glibc.close(descriptor)
    descriptors[number] = -1
    return false
  }
}
