// Whether a checkpoint is whole as far as a few bytes at its ends can tell (reliability.md §2.4).
// It parses no content: the worker is the judge, and says "not yet" by exit code 75.

internal import Glibc

/// How whole a checkpoint looks.
public enum Completeness: Sendable, Hashable {
  /// Nothing speaks against it.
  case complete
  /// Something is not as usual: it is taken when it has stayed as it is for `patience`.
  case doubtful(String, patience: Duration)
  /// Something is missing.
  case incomplete(String)

  /// How long unusual checkpoints are waited for.
  public struct Patience: Sendable, Hashable {
    /// A Hugging Face folder without `trainer_state.json`, which its trainer writes last.
    public let trainerState: Duration
    /// A file with a hole, as a preallocated one has: copied files may hold true holes.
    public let hole: Duration

    /// Sets both times; without a value a hole is waited for 10 minutes.
    public init(trainerState: Duration, hole: Duration = .seconds(600)) {
      self.trainerState = trainerState
      self.hole = hole
    }

    /// Ten times the settling time, and at least 2 s, for `trainer_state.json`.
    public init(settle: Duration) {
      self.init(trainerState: max(settle * 10, .seconds(2)))
    }
  }

  /// Looks at the ends of every file of the checkpoint.
  public static func check(_ candidate: Candidate, patience: Patience) -> Completeness {
    switch candidate.kind {
    case .file: check(file: candidate.path, patience: patience)
    case .folder: check(folder: candidate, patience: patience)
    }
  }

  private static func check(file path: String, patience: Patience) -> Completeness {
    let name = Path.name(path)
    let file: Descriptor
    switch Descriptor.openFile(path) {
    case .success(let number): file = Descriptor(number)
    case .failure(let failure): return .incomplete("\(name) cannot be opened (\(failure))")
    }
    var status = stat()
    guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return .incomplete("\(name) is no regular file")
    }
    let ends = FileEnds(descriptor: file.number, bytes: Int64(status.st_size))
    if let missing = ends.missing(isSafetensors: name.hasSuffix(".safetensors")) {
      return .incomplete("\(name): \(missing)")
    }
    // SEEK_HOLE of lseek(2), which the C library's module does not name.
    let hole = lseek(file.number, 0, 4)
    if hole >= 0, hole < status.st_size {
      return .doubtful("\(name) has a hole at byte \(hole)", patience: patience.hole)
    }
    return .complete
  }

  private static func check(folder: Candidate, patience: Patience) -> Completeness {
    let names = folder.fingerprint.members.map(\.name)
    if let missing = missingShard(names) { return .incomplete(missing) }
    var doubt: Completeness?
    for name in names {
      if name.hasSuffix(".json") {
        if !endsAsJSON(Path.join(folder.path, name)) {
          return .incomplete("\(name) does not end with a brace")
        }
        continue
      }
      switch check(file: Path.join(folder.path, name), patience: patience) {
      case .complete: continue
      case .doubtful(let reason, let patience): doubt = .doubtful(reason, patience: patience)
      case .incomplete(let reason): return .incomplete(reason)
      }
    }
    if let doubt { return doubt }
    guard names.contains("trainer_state.json") else {
      return .doubtful("trainer_state.json is not there", patience: patience.trainerState)
    }
    return .complete
  }

  /// The numbered files must be as many as each of them says; an index promises at least one.
  private static func missingShard(_ names: [String]) -> String? {
    let whole = ["model.safetensors", "pytorch_model.bin"]
    let shards = names.filter(CheckpointNames.isShard)
    if shards.isEmpty {
      return names.contains(where: whole.contains) ? nil : "no weights beside the index"
    }
    var present: [Int: [String: Int]] = [:]
    for name in shards {
      guard let count = CheckpointNames.shardCount(name) else { continue }
      let family = String(name.prefix { $0 != "-" })
      present[count, default: [:]][family, default: 0] += 1
    }
    for (count, families) in present.sorted(by: { $0.key < $1.key }) {
      for (family, found) in families.sorted(by: { $0.key < $1.key }) where found < count {
        return "\(found) of \(count) files \(family)-… are there"
      }
    }
    return names.contains { $0.hasSuffix(".index.json") }
      ? nil : "no index beside the numbered files"
  }

  private static func endsAsJSON(_ path: String) -> Bool {
    guard case .success(let number) = Descriptor.openFile(path) else { return false }
    let file = Descriptor(number)
    var status = stat()
    guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    let ends = FileEnds(descriptor: file.number, bytes: Int64(status.st_size))
    let blank: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
    return ends.last(64).last { !blank.contains($0) } == UInt8(ascii: "}")
  }
}
