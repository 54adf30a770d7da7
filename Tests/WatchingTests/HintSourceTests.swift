// The real plasticity-watch on real folders. Tests wait for its lines, never for time.

import Foundation
import TestSupport
import Testing

@testable import Watching

private final class Lines: @unchecked Sendable {
  private let condition = NSCondition()
  private var events: [HintEvent] = []

  func add(_ event: HintEvent) {
    condition.withLock {
      events.append(event)
      condition.broadcast()
    }
  }

  /// Waits until an event was told that fits.
  func wait(_ isMeant: (HintEvent) -> Bool) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    let limit = Date(timeIntervalSinceNow: patience)
    while !events.contains(where: isMeant) {
      if !condition.wait(until: limit) { return false }
    }
    return true
  }

  /// What was told, repetitions left out.
  var all: [HintEvent] {
    condition.withLock {
      events.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
  }

  func forget() { condition.withLock { events = [] } }
}

@Suite(.serialized) struct HintSourceTests {
  let folder: TestFolder
  private let lines = Lines()

  init() throws { folder = try TestFolder() }

  private static let executable =
    URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .path + "/plasticity-watch"

  private func start(depth: Int = 8) throws -> HintSource {
    let source = try HintSource(
      executable: Self.executable, roots: [folder.path], depth: depth, report: lines.add)
    try #require(lines.wait { if case .watching = $0 { true } else { false } })
    return source
  }

  private func touched(_ name: String) -> Bool {
    let path = name.isEmpty ? folder.path : folder.path + "/" + name
    return lines.wait { $0 == .touched(path) }
  }

  @Test func tellsOfFilesInOldAndNewFolders() throws {
    try folder.folder("old run")
    let source = try start()
    defer { source.stop() }
    try folder.file("old run/a.pt")
    #expect(touched("old run"))
    try folder.file("new/deep/er/b.pt")
    #expect(touched("new/deep/er"))
    lines.forget()
    try folder.file("new/deep/er/c.pt")
    #expect(touched("new/deep/er"))
  }

  @Test func tellsOfFoldersRenamedInAndAway() throws {
    try folder.folder("tmp-checkpoint-1")
    let outside = try TestFolder()
    try outside.file("run/inner/a.pt")
    let source = try start()
    defer { source.stop() }
    try folder.rename("tmp-checkpoint-1", to: "checkpoint-1")
    #expect(touched("checkpoint-1"))
    lines.forget()
    try folder.file("checkpoint-1/model.safetensors")
    #expect(touched("checkpoint-1"))
    try FileManager.default.moveItem(
      atPath: outside.path + "/run", toPath: folder.path + "/moved")
    #expect(touched("moved/inner"))
    // The old name used again is another folder.
    lines.forget()
    try folder.file("tmp-checkpoint-1/x.pt")
    #expect(touched("tmp-checkpoint-1"))
  }

  @Test func tellsOfAFolderMadeAgain() throws {
    try folder.folder("last")
    let source = try start()
    defer { source.stop() }
    for _ in 0..<3 {
      try folder.remove("last")
      #expect(touched(""))
      try folder.folder("last")
      #expect(touched("last"))
      lines.forget()
      try folder.file("last/model.pt")
      #expect(touched("last"))
      lines.forget()
    }
  }

  @Test func namesSurviveThePipe() throws {
    let name = "a b\n%41\tü-rf $(x)"
    try folder.folder(name)
    let source = try start()
    defer { source.stop() }
    try folder.file(name + "/a.pt")
    #expect(touched(name))
  }

  @Test func neverFollowsLinks() throws {
    let outside = try TestFolder()
    try folder.link("link", to: outside.path)
    try folder.folder("real")
    let source = try start()
    defer { source.stop() }
    try outside.file("a.pt")
    try folder.file("real/a.pt")
    #expect(touched("real"))
    #expect(lines.all == [.watching(2), .touched(folder.path + "/real")])
  }

  @Test func endsWhenTheRootGoesAway() throws {
    let source = try start()
    defer { source.stop() }
    try FileManager.default.removeItem(atPath: folder.path)
    #expect(lines.wait { $0 == .lost("root \(folder.path)") })
    #expect(lines.wait { $0 == .ended("exit code 75") })
  }

  @Test func endsWhenItIsStopped() throws {
    let source = try start()
    source.stop()
    #expect(lines.wait { $0 == .ended("exit code 0") })
  }

  @Test func saysThatItIsMissing() {
    #expect {
      try HintSource(executable: "/nonexistent/watch", roots: ["/"], depth: 1, report: { _ in })
    } throws: {
      "\($0)"
        == "spawn-failed: /nonexistent/watch: it cannot be started (No such file or directory); "
        + "check that it is installed and executable"
    }
  }

  @Test(arguments: [
    ("watching 12", HintEvent.watching(12)), ("touched /a%20b%25", .touched("/a b%")),
    ("lost overflow", .lost("overflow")), ("lost root /a%0Ab", .lost("root /a\nb")),
    ("watching x", .lost("odd line")), ("nonsense", .lost("odd line")), ("", .lost("odd line")),
    ("touched %FF", .lost("a folder's name is no UTF-8")), ("touched %4", .touched("%4")),
  ])
  func readsLines(line: String, event: HintEvent) {
    #expect(HintEvent.read(Array(line.utf8)[...]) == event)
  }
}
