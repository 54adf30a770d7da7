// The superblock of an HDF5 file (HDF5 File Format Specification 3.0, §II): our own inert reader of
// the subset that h5py and Keras write. Every address is checked, every walk is bounded, and nothing
// outside the file is ever opened (reliability.md §1.11).
internal import Diagnostics

struct HDF5File: Sendable {
  let span: FileSpan
  /// Bytes of an address and of a length.
  let addressWidth: Int
  let lengthWidth: Int
  /// Where the root group's object header is.
  let root: Int
  var complaint: Complaint { span.complaint }

  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Reads the superblock. Errors: `incomplete-hdf5` (try again) when the file is shorter than it
  /// says or still open for writing, `bad-hdf5`, `unsupported-hdf5`.
  static func open(_ file: InputFile, offset: Int = 0, size: Int? = nil) throws(Problem) -> HDF5File
  {
    let complaint = Complaint(format: "hdf5", path: file.path)
    let span = FileSpan(
      file: file, offset: offset, size: size ?? file.size, complaint: complaint,
      budget: ReadBudget(forBytes: size ?? file.size))
    // A user block may stand before the superblock, of 512 bytes or a larger power of two.
    var found: Int?
    for start in [0] + (9...62).map({ 1 << $0 }) where found == nil && span.contains(start, 8) {
      if try span.bytes(at: start, count: 8) == signature { found = start }
    }
    guard let start = found else { throw complaint.incomplete("its signature is not there") }
    var fields = ByteCursor(try span.prefix(at: start, count: 128), complaint)
    try fields.skip(8)
    let version = fields.left > 0 ? try fields.byte() : 0
    guard span.contains(start, version < 2 ? 96 : 48) else {
      throw complaint.incomplete("its superblock is not all there")
    }
    switch version {
    case 0, 1: return try old(span, start, &fields, version)
    case 2, 3: return try new(span, start, &fields, version)
    default: throw complaint.unsupported("its superblock has version \(version)")
    }
  }

  private static func old(
    _ span: FileSpan, _ start: Int, _ fields: inout ByteCursor, _ version: UInt8
  ) throws(Problem) -> HDF5File {
    try fields.skip(4)
    let (address, length) = try widths(&fields)
    try fields.skip(version == 0 ? 1 + 4 + 4 : 1 + 4 + 4 + 4)
    let base = try fields.size(address)
    try fields.skip(address)
    let end = try fields.size(address)
    try fields.skip(2 * address)
    let header = try fields.size(address)
    let checked = try place(span, start, base: base, end: end)
    return HDF5File(
      span: checked, addressWidth: address, lengthWidth: length,
      root: header)
  }

  private static func new(
    _ span: FileSpan, _ start: Int, _ fields: inout ByteCursor, _ version: UInt8
  ) throws(Problem) -> HDF5File {
    let (address, length) = try widths(&fields)
    let flags = try fields.byte()
    let base = try fields.size(address)
    try fields.skip(address)
    let end = try fields.size(address)
    let header = try fields.size(address)
    let covered = fields.at
    guard try fields.number(4) == UInt64(JenkinsHash.of(fields.bytes[..<covered])) else {
      throw span.complaint.damaged("the superblock")
    }
    // Bit 0: open for writing; bit 2: with readers let in meanwhile.
    guard version < 3 || flags & 0x05 == 0 else {
      throw span.complaint.incomplete("its writer has not closed it")
    }
    return HDF5File(
      span: try place(span, start, base: base, end: end), addressWidth: address,
      lengthWidth: length, root: header)
  }

  private static func widths(_ fields: inout ByteCursor) throws(Problem) -> (Int, Int) {
    let (address, length) = (Int(try fields.byte()), Int(try fields.byte()))
    guard [2, 4, 8].contains(address), [2, 4, 8].contains(length) else {
      throw fields.complaint.bad("its addresses have \(address) bytes and its lengths \(length)")
    }
    return (address, length)
  }

  /// The span that addresses count in, once the file is known to be as long as it says.
  private static func place(
    _ span: FileSpan, _ start: Int, base: Int, end: Int
  ) throws(Problem) -> FileSpan {
    guard base == start || base == 0 else {
      throw span.complaint.bad("its base address \(base) is not where it begins")
    }
    guard end <= span.size else {
      throw span.complaint.incomplete("it ends at byte \(span.size), and should at \(end)")
    }
    guard end > base else { throw span.complaint.incomplete("it says that it is empty") }
    return FileSpan(
      file: span.file, offset: span.offset + base, size: end - base, complaint: span.complaint,
      budget: span.budget)
  }

  /// An address field; nil when it is the undefined address, all ones.
  func address(_ fields: inout ByteCursor) throws(Problem) -> Int? {
    let value = try fields.number(addressWidth)
    let undefined = addressWidth == 8 ? UInt64.max : (1 << (8 * UInt64(addressWidth))) - 1
    guard value != undefined else { return nil }
    guard let address = Int(exactly: value), span.contains(address, 1) else {
      throw complaint.bad("an address lies beyond the end of the file")
    }
    return address
  }

  func length(_ fields: inout ByteCursor) throws(Problem) -> Int { try fields.size(lengthWidth) }

  /// Reads a structure whose last four bytes are the Jenkins hash of what stands before them.
  func checked(
    at address: Int, count: Int, _ what: String
  ) throws(Problem) -> ByteCursor {
    guard count >= 8 else { throw complaint.bad("\(what) has \(count) bytes") }
    let bytes = try span.bytes(at: address, count: count)
    guard
      bytes.littleEndian(at: count - 4, width: 4) == UInt64(JenkinsHash.of(bytes[..<(count - 4)]))
    else { throw complaint.damaged(what) }
    return ByteCursor(bytes, complaint, range: 0..<(count - 4))
  }
}
