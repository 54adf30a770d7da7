import Foundation
import TestSupport
import Testing

@testable import Monitor

/// A service manager's socket.
final class FakeManager {
  let path: String
  private let descriptor: Int32
  private let folder: TestFolder?

  init(abstract: Bool = false) throws {
    let folder = abstract ? nil : try TestFolder()
    self.folder = folder
    let name = folder.map { $0.path + "/notify" } ?? "@plasticityd-\(UUID().uuidString)"
    path = name
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(name.utf8)
    if abstract { bytes[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    try #require(bound == 0)
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// The next message; empty when none comes for 20 s.
  func next() -> String {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
  }
}

@Suite struct ServiceNotifierTests {
  @Test(arguments: [false, true])
  func tellsTheManager(abstract: Bool) throws {
    let manager = try FakeManager(abstract: abstract)
    let notifier = ServiceNotifier(socketPath: manager.path)
    notifier.ready(status: "two\nlines")
    #expect(manager.next() == "READY=1\nSTATUS=two lines")
    notifier.status("fine")
    #expect(manager.next() == "STATUS=fine")
    notifier.watchdog()
    #expect(manager.next() == "WATCHDOG=1")
    notifier.stopping()
    #expect(manager.next() == "STOPPING=1\nSTATUS=stopping")
    notifier.reloading()
    let lines = manager.next().split(separator: "\n")
    #expect(lines.first == "RELOADING=1")
    let microseconds = lines.last.flatMap { Int64($0.dropFirst("MONOTONIC_USEC=".count)) }
    #expect(microseconds ?? 0 > 0)
  }

  @Test func isSilentWithoutAManager() {
    ServiceNotifier(socketPath: nil).watchdog()
    ServiceNotifier(socketPath: "relative").watchdog()
    ServiceNotifier(socketPath: "/" + String(repeating: "x", count: 200)).watchdog()
  }

  @Test func knowsTheWatchdogIsMeantForIt() {
    let mine = ServiceNotifier(
      socketPath: nil, watchdogMicroseconds: 1_000_000, watchdogProcess: getpid())
    #expect(mine.watchdogInterval == .seconds(1))
    let others = ServiceNotifier(
      socketPath: nil, watchdogMicroseconds: 1_000_000, watchdogProcess: getpid() + 1)
    #expect(others.watchdogInterval == nil)
  }
}

@Suite struct LogTests {
  @Test func writesOneLineAnEvent() {
    let lines = Collected()
    let log = Log(level: .info, hasPriorities: true) { lines.add($0) }
    log(.error, "bad")
    log(.info, "two\nlines \u{1B}[2J")
    log(.debug, "hidden")
    log.setLevel(.debug)
    log(.debug, "shown")
    #expect(lines.all == ["<3>bad", "<6>two\\u{a}lines \\u{1b}[2J", "<7>shown"])
    let plain = Log(level: .info, hasPriorities: false) { lines.add($0) }
    plain(.warning, "w")
    #expect(lines.all.last == "w")
  }

  @Test func repeatsAtMostOnceAnHour() {
    let lines = Collected()
    let log = Log(level: .info, hasPriorities: false) { lines.add($0) }
    for _ in 0..<10 { log.hourly(.warning, key: "a", "same") }
    log.hourly(.warning, key: "b", "other")
    #expect(lines.all == ["same", "other"])
  }
}

@Suite struct LogStreamTests {
  /// A journal that does not read: its pipe fills up.
  @Test func aReaderThatDoesNotReadCostsLinesOnly() throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    let stream = LogStream(descriptor: ends[1], hasPriorities: true)
    let line = String(repeating: "x", count: 5_000)
    for _ in 0..<100 { stream.write(line) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    let stuck = read(ends[0], &buffer, buffer.count)
    #expect(stuck > 0 && stuck < 100 * 5_001)
    stream.write("again")
    let count = read(ends[0], &buffer, buffer.count)
    let lines = String(decoding: buffer[..<max(0, count)], as: UTF8.self).split(separator: "\n")
    let dropped = try #require(lines.first { $0.hasPrefix("<4>") })
    #expect(dropped.hasSuffix(" lines were dropped: nobody read them"))
    let number = try #require(Int(dropped.dropFirst(3).prefix { $0.isNumber }))
    #expect((1..<100).contains(number))
    #expect(lines.last == "again")
  }

  @Test func aReaderThatIsGoneIsNotMissed() throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    signal(SIGPIPE, SIG_IGN)
    close(ends[0])
    defer { close(ends[1]) }
    let stream = LogStream(descriptor: ends[1], hasPriorities: false)
    for _ in 0..<100 { stream.write("nobody") }
  }
}

@Suite struct BackoffTests {
  @Test func doublesUpToItsLimit() {
    var backoff = Backoff()
    var now = Duration.zero
    let waits = (0..<10).map { _ in
      backoff.failed(at: now, longest: .seconds(60))
      // What else fails meanwhile is the same failure.
      backoff.failed(at: now + .milliseconds(500), longest: .seconds(60))
      defer { now = backoff.until }
      return backoff.until - now
    }
    #expect(
      waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60].map { .seconds($0) })
    backoff.succeeded()
    #expect(backoff.until == .zero)
  }
}
