// HDF5 files, Keras' among them: the superblock says where the file ends, and of newer files whether a
// writer has it open (HDF5 File Format Specification 3.0, §II; reliability.md §2.4).

enum HDF5Rule: FileRule {
  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  static func claims(_ file: FileEnds, name: String) -> Bool {
    name.hasSuffix(".h5") || name.hasSuffix(".hdf5") || file.read(at: 0, count: 8) == signature
  }

  static func missing(_ file: FileEnds) -> String? {
    // At the file's beginning, or behind a user block of 512 bytes or a larger power of two.
    let starts = [0] + (9...62).map { Int64(1) << $0 }
    guard
      let start = starts.first(where: {
        $0 < file.bytes && file.read(at: $0, count: 8) == signature
      })
    else { return "its HDF5 signature is not there yet" }
    let head = file.read(at: start, count: 96)
    guard head.count >= 48 else { return "its superblock is not all there" }
    let isOld = head[8] < 2
    // Only addresses of 8 bytes: others are for the worker.
    guard head[isOld ? 13 : 9] == 8 else { return nil }
    if head[8] == 3, head[11] & 5 != 0 { return "its writer has not closed it" }
    let place = isOld ? (head[8] == 0 ? 40 : 44) : 28
    guard head.count >= place + 8 else { return "its superblock is not all there" }
    let end = FileEnds.littleEndian(head[place..<(place + 8)])
    return end <= UInt64(file.bytes)
      ? nil : "its superblock says that it ends at byte \(end), the file ends at \(file.bytes)"
  }
}
