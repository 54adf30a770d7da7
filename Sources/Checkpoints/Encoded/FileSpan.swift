// A span of a file that is a file of its own kind: an HDF5 file, or one inside a zip archive.
internal import Diagnostics

struct FileSpan: ByteSource {
  let file: InputFile
  let offset: Int
  let size: Int
  let complaint: Complaint
  /// What may still be read of structures, where they may lie over one another.
  var budget: ReadBudget?

  /// Bytes of a structure at an address that the file claims.
  func bytes(at address: Int, count: Int) throws(Problem) -> [UInt8] {
    guard contains(address, count) else {
      throw complaint.bad("\(count) bytes at \(address) lie beyond the end")
    }
    try budget?.spend(count, complaint)
    return try file.bytes(at: offset + address, count: count)
  }

  /// The same of a tensor's elements, which may be read as often as anyone likes.
  func elements(at address: Int, count: Int) throws(Problem) -> [UInt8] {
    guard contains(address, count) else {
      throw complaint.bad("\(count) bytes at \(address) lie beyond the end")
    }
    return try file.bytes(at: offset + address, count: count)
  }

  /// As many of `count` bytes as there are.
  func prefix(at address: Int, count: Int) throws(Problem) -> [UInt8] {
    guard contains(address, 0) else { throw complaint.bad("byte \(address) lies beyond the end") }
    try budget?.spend(min(count, size - address), complaint)
    return try file.bytes(at: offset + address, count: min(count, size - address))
  }

  func contains(_ address: Int, _ count: Int) -> Bool {
    address >= 0 && count >= 0 && count <= size && address <= size - count
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at address: Int) throws(Problem) {
    guard contains(address, buffer.count) else {
      throw complaint.bad("\(buffer.count) bytes at \(address) lie beyond the end")
    }
    try file.read(into: buffer, at: offset + address)
  }
}
