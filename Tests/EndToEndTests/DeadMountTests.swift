// A root on a file system that stops answering, as a dead network mount does: a file system of our own
// whose server is stopped.

import Foundation
import Reports
import Testing

@Suite struct DeadMountTests {
  private static let python = Program.find("python3")
  private static let unshare = Program.find("unshare")
  private static let script = Fixtures.root.appending(path: "mirror_file_system.py").path

  /// What starts a command that sees a folder mirrored at another.
  private static func mirroring(_ folder: String, at mount: String, server: String) -> [String] {
    [
      unshare ?? "", "--user", "--map-root-user", "--mount", python ?? "", script, folder, mount,
      server,
    ]
  }

  /// Whether a user may mount here.
  private static let isPossible: Bool = {
    guard python != nil, unshare != nil else { return false }
    let place =
      FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
      + "/mirror-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: place) }
    do {
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      let command = mirroring("/", at: place, server: place + ".pid") + ["/bin/true"]
      defer { try? FileManager.default.removeItem(atPath: place + ".pid") }
      return try Program.run(command[0], Array(command[1...])).code == 0
    } catch {
      return false
    }
  }()

  private func write(_ seed: UInt8, _ path: String, rows: Int = 2) throws {
    let header =
      "{\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[\(rows),2],\"data_offsets\":[0,\(8 * rows)]}}"
    var file = Data(HostileFiles.little(UInt64(header.utf8.count), 8) + Array(header.utf8))
    file.append(Data([seed, 0, 0, 1]))
    file.append(Data(count: 8 * rows - 4))
    try file.write(to: URL(fileURLWithPath: path + ".tmp"))
    guard rename(path + ".tmp", path) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  @Test(.enabled(if: isPossible, "no python3, or no /dev/fuse in a namespace of one's own"))
  func holdsOnlyItself() throws {
    let tree = try DaemonTree()
    for name in ["runs/local", "mirrored/remote", "mount"] {
      try FileManager.default.createDirectory(
        atPath: "\(tree.path)/\(name)", withIntermediateDirectories: true)
    }
    try tree.configure(roots: "[{path: runs}, {path: mount}]")
    try write(1, "\(tree.path)/runs/local/step_1.safetensors")
    try write(2, "\(tree.path)/mirrored/remote/step_1.safetensors")
    try tree.start(
      through: Self.mirroring(
        "\(tree.path)/mirrored", at: "\(tree.path)/mount", server: "\(tree.path)/server"))
    try #require(tree.waitForReports(["local": 1, "remote": 1]))
    let server = try #require(
      pid_t(try String(contentsOfFile: "\(tree.path)/server", encoding: .utf8)))

    // Both checkpoints come while the mount is dead; one of them is reported.
    kill(server, SIGSTOP)
    try write(3, "\(tree.path)/mirrored/remote/step_2.safetensors")
    try #require(eventually { tree.status().contains("state: unresponsive") })
    try write(4, "\(tree.path)/runs/local/step_2.safetensors")
    try #require(tree.waitForReports(["local": 2]))
    #expect(tree.log.split(separator: "\n").filter { $0.contains("root-unresponsive") }.count == 1)
    #expect(tree.status().contains("state: degraded"))

    // And the other as soon as it is back: nothing in it was taken for deleted.
    kill(server, SIGCONT)
    try #require(tree.waitForReports(["remote": 2]))
    #expect(eventually { !tree.status().contains("state: unresponsive") })
    #expect(try tree.run("remote").missed == 0)

    // A worker that it holds is not waited for either: this one is held in the middle of its file.
    try write(5, "\(tree.path)/mirrored/remote/step_3.safetensors", rows: 1 << 18)
    try #require(eventually { tree.status().contains("state: unresponsive") })
    try write(6, "\(tree.path)/runs/local/step_3.safetensors")
    try #require(tree.waitForReports(["local": 3]))
    #expect(tree.status().contains("workers_lost: 0"))
    kill(server, SIGCONT)
    try #require(tree.waitForReports(["remote": 3]))

    // A dead mount does not keep the daemon from stopping.
    kill(server, SIGSTOP)
    #expect(eventually { tree.status().contains("state: unresponsive") })
    let end = tree.stop()
    #expect(end.code == 0)
    #expect(end.seconds < 30)
  }
}
