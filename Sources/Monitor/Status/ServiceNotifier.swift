// sd_notify(3) without libsystemd: one datagram to $NOTIFY_SOCKET.

internal import Glibc

/// Tells the service manager how the daemon is.
public struct ServiceNotifier: Sendable {
  private let socketPath: String?
  /// How often the manager wants to hear from us, when it does.
  public let watchdogInterval: Duration?

  /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` from the environment.
  public init() {
    self.init(
      socketPath: Self.variable("NOTIFY_SOCKET"),
      watchdogMicroseconds: Self.variable("WATCHDOG_USEC").flatMap { Int64($0) },
      watchdogProcess: Self.variable("WATCHDOG_PID").flatMap { Int32($0) })
  }

  /// Speaks to the socket at a path; `@` at its beginning stands for the abstract namespace.
  public init(
    socketPath: String?, watchdogMicroseconds: Int64? = nil, watchdogProcess: Int32? = nil
  ) {
    self.socketPath = socketPath
    let isMeant = watchdogProcess == nil || watchdogProcess == getpid()
    watchdogInterval = watchdogMicroseconds.flatMap {
      isMeant && $0 > 0 ? .microseconds($0) : nil
    }
  }

  /// Start-up is over.
  public func ready(status: String) { send("READY=1\nSTATUS=\(oneLine(status))") }

  /// A reload has begun; `ready` ends it.
  public func reloading() {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    let microseconds = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    send("RELOADING=1\nMONOTONIC_USEC=\(microseconds)")
  }

  /// The end has begun.
  public func stopping() { send("STOPPING=1\nSTATUS=stopping") }

  /// One line for `systemctl status`.
  public func status(_ text: String) { send("STATUS=\(oneLine(text))") }

  /// The working loop has advanced.
  public func watchdog() { send("WATCHDOG=1") }

  private func oneLine(_ text: String) -> String {
    String(text.map { $0.isNewline ? " " : $0 })
  }

  private func send(_ message: String) {
    guard let socketPath, let first = socketPath.utf8.first, "/@".utf8.contains(first) else {
      return
    }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(socketPath.utf8)
    // Abstract names begin with a zero byte and have none at their end; unix(7).
    if first == UInt8(ascii: "@") { name[0] = 0 }
    guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    let bytes = Array(message.utf8)
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        _ = sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), generic, length)
      }
    }
  }

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
