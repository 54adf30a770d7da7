// A folder of its own for one test, removed with it; and files as trainers' formats begin and end.

import Foundation

/// A folder in the temporary one; names are relative to it.
public final class TestFolder {
  /// Absolute, without symbolic links.
  public let path: String

  /// Makes the folder.
  public init() throws {
    let base = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
    path = base + "/plasticityd-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Makes a folder, and those that it lies in.
  public func folder(_ name: String) throws {
    try FileManager.default.createDirectory(
      atPath: path + "/" + name, withIntermediateDirectories: true)
  }

  /// Writes a file, and makes the folders that it lies in.
  public func file(_ name: String, _ bytes: [UInt8] = [1]) throws {
    let full = path + "/" + name
    try FileManager.default.createDirectory(
      atPath: (full as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: full))
  }

  /// Writes a text as UTF-8.
  public func text(_ name: String, _ text: String) throws { try file(name, Array(text.utf8)) }

  /// Makes a symbolic link.
  public func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: path + "/" + name, withDestinationPath: target)
  }

  /// Moves within the folder.
  public func rename(_ name: String, to other: String) throws {
    try FileManager.default.moveItem(atPath: path + "/" + name, toPath: path + "/" + other)
  }

  /// Sets the time of the last change of content.
  public func touch(_ name: String, seconds: Double) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: seconds)], ofItemAtPath: path + "/" + name)
  }

  /// Deletes a file or a folder.
  public func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: path + "/" + name)
  }
}

/// Files as they are on the disk, as small as their format lets them be.
public enum FileBytes {
  /// The low `count` bytes of a number, lowest first.
  public static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8((value >> (8 * UInt64($0))) & 0xFF) }
  }

  /// A stored zip with one record and an empty directory entry: what its ends look like.
  public static func zip(zip64: Bool = false, comment: [UInt8] = [], body: Int = 100) -> [UInt8] {
    let start: [UInt8] = [0x50, 0x4B, 0x03, 0x04] + [UInt8](repeating: 7, count: body)
    let directory: [UInt8] = [0x50, 0x4B, 0x01, 0x02] + [UInt8](repeating: 0, count: 42)
    var bytes = start + directory
    let (offset, size) = (UInt64(start.count), UInt64(directory.count))
    if zip64 {
      let record = UInt64(bytes.count)
      bytes += [0x50, 0x4B, 0x06, 0x06] + little(44, 8) + [UInt8](repeating: 0, count: 12)
      bytes += little(1, 8) + little(1, 8) + little(size, 8) + little(offset, 8)
      bytes += [0x50, 0x4B, 0x06, 0x07] + little(0, 4) + little(record, 8) + little(1, 4)
    }
    bytes += [0x50, 0x4B, 0x05, 0x06] + [UInt8](repeating: 0, count: 8)
    bytes += little(zip64 ? 0xFFFF_FFFF : size, 4) + little(zip64 ? 0xFFFF_FFFF : offset, 4)
    return bytes + little(UInt64(comment.count), 2) + comment
  }

  /// A safetensors file with one tensor of four bytes.
  public static let safetensors: [UInt8] = {
    let header = Array(#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#.utf8)
    return little(UInt64(header.count), 8) + header + [0, 0, 0, 0]
  }()
}
