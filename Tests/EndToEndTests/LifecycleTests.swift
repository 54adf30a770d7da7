// Start, stop, reload, refuse: the daemon as a service manager and a person see it.

import Foundation
import Reports
import Testing

@Suite struct LifecycleTests {
  @Test func secondDaemonIsRefused() throws {
    let tree = try DaemonTree()
    try tree.start()
    let second = try Program.plasticityd("run", "--config", tree.configuration)
    #expect(second.code == 75)
    #expect(second.errorLines.count == 1 && second.error.hasPrefix("already-running: "))
    #expect(tree.isRunning)
    // Free again after a kill.
    tree.kill9()
    try tree.start()
    #expect(tree.stop().code == 0)
  }

  @Test func stopsQuicklyAlsoAtWork() throws {
    let tree = try DaemonTree()
    try tree.configure(more: "probes: {p: \(RecordedRun.chars.probe)}")
    try FileManager.default.createDirectory(
      atPath: "\(tree.path)/runs/chars-gpt2-hf-trainer", withIntermediateDirectories: true)
    try tree.text("runs/chars-gpt2-hf-trainer/plasticity.yaml", "probe: p\nlabels: exact\n")
    try tree.start()
    try RecordedRun.chars.drop("checkpoint-600", into: tree.path + "/runs", .renamed)
    let isAtWork = eventually { tree.log.contains("started on ") }
    #expect(isAtWork)
    let end = tree.stop()
    #expect(end.code == 0)
    #expect(end.seconds < 30)
    #expect(!tree.written().contains { $0.contains(".tmp") })
    #expect(tree.status().contains("\nstate: stopped\n"))
    // What was abandoned is done by the next.
    try tree.start()
    #expect(tree.waitForReports(["chars-gpt2-hf-trainer": 1]))
    #expect(tree.stop().code == 0)
  }

  /// In a burst a run's documents rest between one writing and the next; stopping ends the rest.
  @Test func stoppingWritesWhatWaits() throws {
    let tree = try DaemonTree()
    let run = tree.path + "/runs/burst"
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    for step in 0..<150 {
      try Data(HostileFiles.safetensors(["weight", "of step \(step)"]))
        .write(to: URL(filePath: "\(run)/step_\(step).safetensors"))
    }
    try tree.start()
    #expect(eventually { tree.checkpointReports().count >= 100 })
    #expect(tree.stop().code == 0)
    let reports = tree.checkpointReports().map { String($0.dropFirst("burst/".count)) }
    #expect(try tree.run("burst").trajectory.map(\.report).sorted() == reports)
    try tree.start()
    #expect(tree.waitForReports(["burst": 150]))
    #expect(tree.stop().code == 0)
  }

  /// exec(2) keeps the mask of whoever starts the daemon.
  @Test func aParentsBlockedSignalsDoNotMatter() throws {
    let tree = try DaemonTree()
    var blocked = sigset_t()
    var before = sigset_t()
    sigemptyset(&blocked)
    for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&blocked, number) }
    #expect(pthread_sigmask(SIG_BLOCK, &blocked, &before) == 0)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try tree.start()
    tree.signal(SIGHUP)
    let isReloaded = eventually { tree.log.contains("reloaded ") }
    #expect(isReloaded)
    #expect(tree.stop().code == 0)
  }

  @Test func aBadConfigurationKeepsTheOld() throws {
    let tree = try DaemonTree()
    try tree.start()
    try tree.text(
      "config.yaml", "state: state\nreports: reports\nroots: [{path: runs, colour: 1}]\n")
    tree.signal(SIGHUP)
    let isTold = eventually { tree.log.contains("the old configuration stays: ") }
    #expect(isTold, "\(tree.log)")
    let line = tree.log.split(separator: "\n").first { $0.contains("the old configuration stays") }
    #expect(line?.contains("config.yaml:3:") == true && line?.contains("colour") == true)
    #expect(eventually { tree.status().contains("state: degraded") })
    // And it works on as before.
    try RecordedRun.mnist1d.drop("epoch_000.pt", into: tree.path + "/runs", .inPlace)
    try #require(tree.waitForReports(["mnist1d-cnn-sgd": 1]))
    try tree.configure()
    tree.signal(SIGHUP)
    let isGood = eventually { tree.status().contains("state: running") }
    #expect(isGood, "\(tree.status())")
    #expect(tree.stop().code == 0)
  }

  struct Mistake: CustomTestStringConvertible {
    let name: String
    let text: String
    /// Line and column that are named, and a word of the line.
    let mark: String
    let word: String
    var testDescription: String { name }
  }

  static let mistakes = [
    Mistake(
      name: "unknown key", text: "roots: [{path: runs}]\nstaet: s\n", mark: "2:1", word: "staet"),
    Mistake(
      name: "wrong type", text: "roots: [{path: runs}]\nscan: {settle_seconds: soon}\n",
      mark: "2:24", word: "expected a number"),
    Mistake(name: "no roots", text: "state: s\n", mark: "1:1", word: "roots"),
    Mistake(
      name: "alias", text: "state: &s s\nreports: *s\nroots: [{path: runs}]\n", mark: "1:8",
      word: "anchor"),
    Mistake(
      name: "tag", text: "state: !!python/object:os.system s\nroots: [{path: runs}]\n",
      mark: "1:8", word: "tag"),
    Mistake(
      name: "reports in a root", text: "state: s\nreports: runs/reports\nroots: [{path: runs}]\n",
      mark: "", word: "runs/reports"),
    Mistake(name: "not YAML", text: "roots: [\n", mark: "2:", word: "yaml-syntax"),
  ]

  @Test(arguments: mistakes)
  func mistakesAreNamed(_ mistake: Mistake) throws {
    let tree = try DaemonTree()
    try tree.text("config.yaml", mistake.text)
    let run = try Program.plasticityd("run", "--config", tree.configuration)
    let check = try Program.plasticityd("check-config", "--config", tree.configuration)
    #expect(run.code == 78 && check.code == 78)
    #expect(run.errorLines.count == 1, "\(run.error)")
    #expect(run.error == check.error)
    #expect(run.error.contains("\(tree.configuration):\(mistake.mark)"), "\(run.error)")
    #expect(run.error.contains(mistake.word), "\(run.error)")
    let place = try #require(run.error.firstMatch(of: /config\.yaml:(\d+):(\d+)/))
    #expect(place.1 != "0" && place.2 != "0")
    #expect(!FileManager.default.fileExists(atPath: tree.path + "/s"))
  }

  @Test func aGoodConfigurationIsFine() throws {
    let tree = try DaemonTree()
    let check = try Program.plasticityd("check-config", "--config", tree.configuration)
    #expect(check.code == 0 && check.error.isEmpty)
  }

  @Test func theServiceManagerIsTold() throws {
    let tree = try DaemonTree()
    let socket = try NotifySocket("\(tree.path)/n")
    try tree.start(environment: [
      "NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "200000",
    ])
    #expect(socket.wait { $0.hasPrefix("READY=1\nSTATUS=") })
    #expect(socket.wait { $0 == "WATCHDOG=1" })
    try RecordedRun.mnist1d.drop("epoch_000.pt", into: tree.path + "/runs", .renamed)
    #expect(socket.wait { $0.contains("STATUS=1 reported") })
    tree.signal(SIGHUP)
    #expect(socket.wait { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") })
    #expect(socket.wait(count: 2) { $0.hasPrefix("READY=1") })
    #expect(tree.stop().code == 0)
    #expect(socket.wait { $0.hasPrefix("STOPPING=1") })
    let all = socket.all
    let ready = try #require(all.firstIndex { $0.hasPrefix("READY=1") })
    #expect(!all[..<ready].contains { $0.contains("WATCHDOG") || $0.contains("STOPPING") })
  }
}

/// What systemd would listen on.
final class NotifySocket {
  let path: String
  private let descriptor: Int32
  private(set) var all: [String] = []

  init(_ path: String) throws {
    self.path = path
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    try #require(descriptor >= 0 && bytes.count < MemoryLayout.size(ofValue: address.sun_path))
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    try #require(result == 0)
  }

  deinit { close(descriptor) }

  /// Waits until so many messages fit.
  func wait(count: Int = 1, _ isMeant: (String) -> Bool) -> Bool {
    eventually {
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while true {
        let read = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if read < 0 { break }
        all.append(String(decoding: buffer[..<read], as: UTF8.self))
      }
      return all.filter(isMeant).count >= count
    }
  }
}
