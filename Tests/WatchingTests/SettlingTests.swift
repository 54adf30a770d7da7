import Testing

@testable import Watching

@Suite struct SettlingTests {
  private func print(_ bytes: Int64) -> Fingerprint {
    Fingerprint([
      Fingerprint.Member(
        name: "a.pt", bytes: bytes, modifiedNanoseconds: 1, changedNanoseconds: 1, inode: 1)
    ])
  }

  @Test func waitsForTwoEqualLooksFarEnoughApart() {
    var settling = Settling()
    func judge(_ bytes: Int64, at seconds: Int) -> Settling.Verdict {
      settling.judge("a", print(bytes), .complete, quiet: .seconds(5), at: .seconds(seconds))
    }
    #expect(judge(1, at: 100) == .wait(until: .seconds(105)))
    #expect(judge(1, at: 104) == .wait(until: .seconds(105)))
    #expect(judge(2, at: 105) == .wait(until: .seconds(110)))
    #expect(judge(2, at: 110) == .ready)
  }

  @Test func withoutSettlingASecondLookAtOnceIsEnough() {
    var settling = Settling()
    func judge(_ bytes: Int64) -> Settling.Verdict {
      settling.judge("a", print(bytes), .complete, quiet: .zero, at: .seconds(7))
    }
    #expect(judge(1) == .wait(until: .seconds(7)))
    #expect(judge(2) == .wait(until: .seconds(7)))
    #expect(judge(2) == .ready)
  }

  @Test func doubtsTakeLonger() {
    var settling = Settling()
    let doubt = Completeness.doubtful("odd", patience: .seconds(20))
    func judge(at seconds: Int) -> Settling.Verdict {
      settling.judge("a", print(1), doubt, quiet: .seconds(5), at: .seconds(seconds))
    }
    #expect(judge(at: 0) == .wait(until: .seconds(20)))
    #expect(judge(at: 6) == .wait(until: .seconds(20)))
    #expect(judge(at: 20) == .ready)
  }

  @Test func incompleteCountsFromTheLastChange() {
    var settling = Settling()
    func judge(_ bytes: Int64, _ completeness: Completeness, at seconds: Int) -> Settling.Verdict {
      settling.judge("a", print(bytes), completeness, quiet: .zero, at: .seconds(seconds))
    }
    let lacking = Completeness.incomplete("no end")
    #expect(judge(1, lacking, at: 1) == .incomplete("no end", since: .seconds(1)))
    #expect(judge(1, lacking, at: 5) == .incomplete("no end", since: .seconds(1)))
    #expect(judge(2, lacking, at: 9) == .incomplete("no end", since: .seconds(9)))
    #expect(judge(3, .complete, at: 10) == .wait(until: .seconds(10)))
    #expect(judge(3, .complete, at: 10) == .ready)
  }

  @Test func forgets() {
    var settling = Settling()
    _ = settling.judge("a", print(1), .complete, quiet: .zero, at: .zero)
    #expect(settling.count == 1)
    settling.forget("a")
    #expect(settling.count == 0)
  }

  @Test func fingerprintsDifferInEveryField() {
    func member(
      name: String = "a", bytes: Int64 = 1, modified: Int64 = 1, changed: Int64 = 1,
      inode: UInt64 = 1
    ) -> Fingerprint {
      Fingerprint([
        Fingerprint.Member(
          name: name, bytes: bytes, modifiedNanoseconds: modified, changedNanoseconds: changed,
          inode: inode)
      ])
    }
    let texts = [
      member(), member(name: "b"), member(bytes: 2), member(modified: 2), member(changed: 2),
      member(inode: 2),
    ].map(\.text)
    #expect(Set(texts).count == texts.count)
    #expect(member().text == member().text)
  }
}

@Suite struct DebouncingTests {
  @Test func waitsForQuietButNotForEver() {
    var debouncing = Debouncing(quiet: .milliseconds(20), patience: .milliseconds(250))
    #expect(debouncing.nextDue == nil)
    debouncing.hint("/a", at: .milliseconds(0))
    debouncing.hint("/a", at: .milliseconds(15))
    #expect(debouncing.nextDue == .milliseconds(35))
    #expect(debouncing.takeDue(at: .milliseconds(34)) == [])
    #expect(debouncing.takeDue(at: .milliseconds(35)) == ["/a"])
    #expect(debouncing.count == 0)
    for time in stride(from: 100, through: 400, by: 10) {
      debouncing.hint("/b", at: .milliseconds(time))
    }
    debouncing.hint("/c", at: .milliseconds(400))
    #expect(debouncing.nextDue == .milliseconds(350))
    #expect(debouncing.takeDue(at: .milliseconds(400)) == ["/b"])
    #expect(debouncing.takeDue(at: .milliseconds(420)) == ["/c"])
  }
}

@Suite struct FileSystemKindTests {
  private let table = Array(
    """
    22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
    40 22 0:40 / /home/ml rw - nfs4 server:/ml rw
    41 40 0:41 / /home/ml/fast\\040disk rw shared:9 - xfs /dev/sdb rw
    42 22 0:42 / /data rw - ext4 /dev/sdc rw
    43 22 0:43 / /data rw - fuse.sshfs host: rw
    broken line
    """.utf8)

  @Test(arguments: [
    ("/home/mlx", "ext4", true), ("/home/ml/run", "nfs4", false),
    ("/home/ml/fast disk/run", "xfs", true), ("/data", "fuse.sshfs", false),
  ])
  func nearestMountCounts(path: String, name: String, delivers: Bool) {
    let kind = FileSystemKind.of(path, mountTable: table)
    #expect(kind.name == name)
    #expect(kind.deliversEvents == delivers)
  }

  @Test func unknownIsPolled() {
    let kind = FileSystemKind.of("/x", mountTable: [])
    #expect(kind.name == "unknown")
    #expect(!kind.deliversEvents)
  }
}
