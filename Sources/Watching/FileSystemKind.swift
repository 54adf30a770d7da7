// Whether changes made by others reach us as inotify events. On network and user-space file
// systems they do not, so these are polled (reliability.md §2.2).

internal import Glibc

/// The file system that a folder lies on, by /proc/self/mountinfo (proc(5)).
public struct FileSystemKind: Sendable, Hashable {
  /// What the kernel calls it: `ext4`, `nfs4`, `fuse.sshfs`; `unknown` when it cannot be told.
  public let name: String

  /// States a kind by name.
  public init(name: String) { self.name = name }

  /// Whether every writer's events are seen here.
  public var deliversEvents: Bool {
    [
      "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "tmpfs", "ramfs", "overlay", "f2fs",
      "bcachefs", "jfs", "reiserfs", "nilfs2",
    ].contains(name)
  }

  /// The kind of the file system that holds a path free of symbolic links.
  public static func of(_ path: String) -> FileSystemKind {
    guard let table = readAll("/proc/self/mountinfo") else {
      return FileSystemKind(name: "unknown")
    }
    return of(path, mountTable: table)
  }

  static func of(_ path: String, mountTable: [UInt8]) -> FileSystemKind {
    var best: (length: Int, name: String)?
    for line in mountTable.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: " "))
      guard fields.count > 6, let dash = fields.firstIndex(of: [UInt8(ascii: "-")]),
        dash + 1 < fields.count
      else { continue }
      let point = String(decoding: unescaped(fields[4]), as: UTF8.self)
      guard Path.relative(path, to: point) != nil else { continue }
      // A later mount on the same point covers the earlier one.
      if point.utf8.count >= best?.length ?? 0 {
        best = (point.utf8.count, String(decoding: fields[dash + 1], as: UTF8.self))
      }
    }
    return FileSystemKind(name: best?.name ?? "unknown")
  }

  /// Blanks and backslashes stand as three octal digits after a backslash.
  private static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = field
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3,
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      {
        bytes.append(value)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }

  private static func readAll(_ path: String) -> [UInt8]? {
    guard case .success(let number) = Descriptor.openFile(path) else { return nil }
    let file = Descriptor(number)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while bytes.count < 16 << 20 {
      let got = buffer.withUnsafeMutableBytes { read(file.number, $0.baseAddress, $0.count) }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { break }
      bytes += buffer[..<got]
    }
    return bytes
  }
}
