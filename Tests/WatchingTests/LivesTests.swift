// Which life of a resumed run a checkpoint is of, by the times of writing.
import Testing

@testable import Watching

@Suite struct LivesTests {
  private func lives(_ names: [(String, seconds: Int)]) -> [String: Int] {
    let candidates = names.map { name, seconds in
      Candidate(
        path: "/run/\(name)", runDirectory: "/run", kind: .file,
        fingerprint: Fingerprint([
          .init(
            name: name, bytes: 1, modifiedNanoseconds: Int64(seconds) * 1_000_000_000,
            changedNanoseconds: 0, inode: 0)
        ]))
    }
    let found = Lives.byPath(candidates.reversed())
    return Dictionary(
      found.map { (String($0.key.dropFirst(5)), $0.value) }, uniquingKeysWith: { first, _ in first }
    )
  }

  private let first = [("step=1.ckpt", 0), ("step=2.ckpt", 10), ("step=3.ckpt", 20)]

  @Test func aResumedRunHasTwo() {
    let second = [("step=2-v1.ckpt", 100), ("step=3-v1.ckpt", 110), ("step=4.ckpt", 120)]
    let found = lives((first + second).map { ($0.0, seconds: $0.1) })
    #expect(first.allSatisfy { found[$0.0] == 0 })
    #expect(second.allSatisfy { found[$0.0] == 1 })
  }

  /// Steps that occur once, copies of one checkpoint, times of a copy, a single file that was touched.
  @Test func otherwiseNamesTell() {
    let names = ["a-3.ckpt", "a-1.ckpt", "a-2.ckpt", "a-4.ckpt"]
    #expect(lives(names.enumerated().map { ($1, seconds: 10 * $0) }).isEmpty)
    let copies = first + [("best-3.ckpt", 21), ("step=4.ckpt", 30)]
    #expect(lives(copies.map { ($0.0, seconds: $0.1) }).isEmpty)
    let copied = ["step=1.ckpt", "step=2.ckpt", "step=1-v1.ckpt", "step=2-v1.ckpt"]
    #expect(lives(copied.map { ($0, seconds: 0) }).isEmpty)
    let touched = first + [("step=2-v1.ckpt", 100)]
    #expect(lives(touched.map { ($0.0, seconds: $0.1) }).isEmpty)
  }
}
