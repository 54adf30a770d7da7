// What tells that nobody has touched the files of a checkpoint since we last looked.

internal import Glibc

/// Size, times and inode of every file of a checkpoint (reliability.md §2.5).
///
/// Equal fingerprints mean "not touched in between"; times are compared with each other only,
/// never with a clock.
public struct Fingerprint: Sendable, Hashable {
  /// One file of a checkpoint.
  public struct Member: Sendable, Hashable {
    /// The file's name in its folder.
    public let name: String
    /// Size in bytes.
    public let bytes: Int64
    /// Time of the last change of content, in nanoseconds.
    public let modifiedNanoseconds: Int64
    /// Time of the last change of content, name or rights, in nanoseconds.
    public let changedNanoseconds: Int64
    /// Inode number.
    public let inode: UInt64

    /// States what is known of one file.
    public init(
      name: String, bytes: Int64, modifiedNanoseconds: Int64, changedNanoseconds: Int64,
      inode: UInt64
    ) {
      self.name = name
      self.bytes = bytes
      self.modifiedNanoseconds = modifiedNanoseconds
      self.changedNanoseconds = changedNanoseconds
      self.inode = inode
    }

    init(name: String, _ status: stat) {
      self.init(
        name: name, bytes: Int64(status.st_size),
        modifiedNanoseconds: Fingerprint.nanoseconds(status.st_mtim),
        changedNanoseconds: Fingerprint.nanoseconds(status.st_ctim), inode: UInt64(status.st_ino))
    }
  }

  /// The files, by name.
  public let members: [Member]

  /// Gathers the files of a checkpoint.
  public init(_ members: [Member]) {
    self.members = members.sorted { $0.name < $1.name }
  }

  /// The size of all files together, in bytes.
  public var bytes: Int64 {
    members.reduce(0) { sum, member in
      let (total, overflow) = sum.addingReportingOverflow(member.bytes)
      return overflow ? Int64.max : total
    }
  }

  /// When the content of the youngest file changed, in nanoseconds.
  public var modifiedNanoseconds: Int64 { members.map(\.modifiedNanoseconds).max() ?? 0 }

  /// A short text that is equal exactly when the fingerprint is, up to a 64-bit hash: file count,
  /// bytes, newest content change, FNV-1a over everything.
  public var text: String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }  // wraps: a hash
    func mix(_ value: UInt64) {
      for shift in stride(from: UInt64(0), to: 64, by: 8) { mix(UInt8((value >> shift) & 0xFF)) }
    }
    for member in members {
      for byte in member.name.utf8 { mix(byte) }
      mix(UInt8(0))
      mix(UInt64(bitPattern: member.bytes))
      mix(UInt64(bitPattern: member.modifiedNanoseconds))
      mix(UInt64(bitPattern: member.changedNanoseconds))
      mix(member.inode)
    }
    return "\(members.count)-\(bytes)-\(modifiedNanoseconds)-\(String(hash, radix: 16))"
  }

  /// What a file keeps through renaming and linking: size, time of the last change of content, inode; of every
  /// file of a checkpoint, in a 64-bit hash.
  public var contentMark: UInt64 {
    let marks = members.map {
      [UInt64(bitPattern: $0.bytes), UInt64(bitPattern: $0.modifiedNanoseconds), $0.inode]
    }
    return marks.joined().reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ $1) &* 0x100_0000_01B3 }
  }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    let (seconds, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return time.tv_sec < 0 ? Int64.min : Int64.max }
    let (sum, overflowing) = seconds.addingReportingOverflow(Int64(time.tv_nsec))
    return overflowing ? Int64.max : sum
  }
}
