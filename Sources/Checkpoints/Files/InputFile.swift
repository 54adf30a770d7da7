// One regular file open for reading: bounded `pread`, and the proof that it did not change meanwhile.
// Never mapped: a trainer that truncates a mapped file kills its readers with SIGBUS.
internal import CKernels
internal import Diagnostics
internal import Glibc

final class InputFile: Sendable {
  /// What `fstat` says about a file, as far as a change of content can show in it.
  struct Identity: Sendable, Hashable {
    let device: UInt
    let inode: UInt
    let links: UInt
    let size: Int
    let modified: [Int]
    let changed: [Int]

    init(_ status: stat) {
      device = UInt(status.st_dev)
      inode = UInt(status.st_ino)
      links = UInt(status.st_nlink)
      size = Int(status.st_size)
      modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
      changed = [status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
    }
  }

  /// The path as the caller gave it, for messages and for looking it up again.
  let path: String
  let identity: Identity
  /// Checksum of its ends as they were when it was opened.
  private let ends: UInt32
  /// Negative where the file is opened for each read.
  private let descriptor: Int32

  var size: Int { identity.size }

  private init(path: String, identity: Identity, descriptor: Int32) {
    self.path = path
    self.identity = identity
    self.descriptor = descriptor
    ends = Self.checksumOfEnds(descriptor, size: identity.size)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Opens a regular file, without following a final symbolic link and without ever waiting for a
  /// writer (a FIFO). Errors: `not-found`, `permission`, `not-a-regular-file`, `unreadable`.
  ///
  /// - Parameter staysOpen: false for one of very many files: it is closed again, and opened for each
  ///   read, as long as it is the same file; deleted, it cannot be read any more.
  static func open(_ path: String, staysOpen: Bool = true) throws(Problem) -> InputFile {
    var status = stat()
    // Looked at before opening: opening a device can do something.
    guard lstat(path, &status) == 0 else { throw Problem.system(errno, opening: path) }
    if let kind = irregular(status) { throw notRegular(path, kind) }
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY
    let descriptor = Glibc.open(path, flags)
    guard descriptor >= 0 else {
      if errno == ELOOP { throw notRegular(path, "a symbolic link") }
      throw Problem.system(errno, opening: path)
    }
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw Problem.system(code, opening: path)
    }
    if let kind = irregular(status) {
      close(descriptor)
      throw notRegular(path, kind)
    }
    guard staysOpen else {
      close(descriptor)
      return InputFile(path: path, identity: Identity(status), descriptor: -1)
    }
    return InputFile(path: path, identity: Identity(status), descriptor: descriptor)
  }

  /// Whether there is a folder at the path (not a link to one); nil when there is nothing.
  static func isFolder(_ path: String) throws(Problem) -> Bool {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw Problem.system(errno, opening: path) }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  private static func irregular(_ status: stat) -> String? {
    switch status.st_mode & S_IFMT {
    case S_IFREG: nil
    case S_IFLNK: "a symbolic link"
    case S_IFDIR: "a folder"
    case S_IFIFO: "a FIFO"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }

  private static func notRegular(_ path: String, _ kind: String) -> Problem {
    Problem(
      "not-a-regular-file", at: path, "it is \(kind)",
      remedy: "name the file itself; links are not followed")
  }
}

extension InputFile {
  /// Fills the buffer with the bytes from `offset` on, all of them.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Problem) {
    guard let base = buffer.baseAddress else { return }
    guard descriptor >= 0 else { return try reopened().read(into: buffer, at: offset) }
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
      if count > 0 {
        done += count
      } else if count == 0 {
        throw Problem(
          "changed-during-read", at: "\(path): byte \(offset + done)",
          "the file ends here, and had \(size) bytes when it was opened",
          remedy: "read it again when its writer has finished", kind: .tryAgain)
      } else if errno != EINTR {
        throw Problem.system(errno, reading: path, at: offset + done)
      }
    }
  }

  /// The same file, open. Errors: `changed-during-read`, `lost-before-read`.
  private func reopened() throws(Problem) -> InputFile {
    let again: InputFile
    do throws(Problem) { again = try InputFile.open(path) } catch {
      guard error.code == "not-found" else { throw error }
      throw Problem(
        "lost-before-read", at: path, "it was deleted before it was read",
        remedy: "nothing, when a trainer deletes old checkpoints", kind: .tryAgain)
    }
    guard again.identity == identity else { throw changed("its size, time or inode moved") }
    return again
  }

  /// The bytes `offset ..< offset + count`, which the caller has checked against the size.
  func bytes(at offset: Int, count: Int) throws(Problem) -> [UInt8] {
    try [UInt8](count: count) { buffer throws(Problem) in try read(into: buffer, at: offset) }
  }

  /// The whole of a small file. Errors: `too-large` beyond `limit` bytes, `memory-limit`.
  func wholeFile(limit: Int) throws(Problem) -> [UInt8] {
    guard size <= limit else {
      throw Problem(
        "too-large", at: path, "\(size) bytes, of which at most \(limit) are read",
        remedy: "check that this is the file it is named after")
    }
    try MemoryAllowance.check(size, at: path)
    return try bytes(at: 0, count: size)
  }

  /// The first byte of the first hole, or nil when the file system knows none.
  var firstHole: Int? {
    guard size > 0 else { return nil }
    // 4 is SEEK_HOLE, which Glibc's Swift module does not export.
    // One of very many files is small, and looked at by its checksum or its compression.
    guard descriptor >= 0 else { return nil }
    let hole = lseek(descriptor, 0, 4)
    return hole >= 0 && Int(hole) < size ? Int(hole) : nil
  }

  /// Compares the file with what it was when it was opened (reliability.md §2.5).
  ///
  /// Returns whether the path still leads to it. Errors: `changed-during-read`, to be tried again.
  func verifyUnchanged() throws(Problem) -> SourceState {
    var status = stat()
    guard descriptor >= 0 else { return try verifyAtPath() }
    guard fstat(descriptor, &status) == 0 else {
      throw Problem.system(errno, reading: path, at: 0)
    }
    let now = Identity(status)
    guard now.size == identity.size, now.modified == identity.modified else {
      throw changed("its size or modification time moved")
    }
    // File times move in steps of milliseconds, and on network file systems later than the content.
    guard checksumOfEnds() == ends else {
      throw changed("its first or last bytes changed")
    }
    // A link, a chmod, or a write whose modification time was put back: reading again decides.
    guard now.links == 0 || now.changed == identity.changed else {
      throw changed("its change time moved")
    }
    guard lstat(path, &status) == 0 else {
      guard errno == ENOENT || errno == ENOTDIR else {
        throw Problem.system(errno, reading: path, at: 0)
      }
      return now.links == 0 ? .deleted : .moved
    }
    let there = Identity(status)
    guard there.device == now.device, there.inode == now.inode else { return .replaced }
    guard there == identity else { throw changed("its size or modification time moved") }
    return .unchanged
  }

  /// The same for a file that is not held open: what was read was read from this very file.
  private func verifyAtPath() throws(Problem) -> SourceState {
    var status = stat()
    guard lstat(path, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return .moved }
      throw Problem.system(errno, reading: path, at: 0)
    }
    guard Identity(status) == identity else { throw changed("its size, time or inode moved") }
    return .unchanged
  }

  /// Of what tells most: headers are at the beginning, and at the end the directory of an archive with
  /// the checksums of all that is in it. What cannot be read counts as nothing: whoever needs it says so.
  func checksumOfEnds() -> UInt32 { Self.checksumOfEnds(descriptor, size: size) }

  private static func checksumOfEnds(_ descriptor: Int32, size: Int) -> UInt32 {
    let length = min(size, 4_096)
    return withUnsafeTemporaryAllocation(byteCount: length, alignment: 16) { buffer in
      var checksum: UInt32 = 0
      for offset in [0, size - length] {
        let count = max(0, pread(descriptor, buffer.baseAddress, length, off_t(offset)))
        checksum = ck_crc32(checksum, buffer.baseAddress, count)
      }
      return checksum
    }
  }

  private func changed(_ how: String) -> Problem {
    Problem(
      "changed-during-read", at: path, "\(how) while it was read",
      remedy: "read it again when its writer has finished", kind: .tryAgain)
  }
}

extension Problem {
  /// A failed `open` or `stat`.
  static func system(_ code: Int32, opening path: String) -> Problem {
    let text = String(cString: strerror(code))
    switch code {
    case ENOENT where path.unicodeScalars.contains("\u{FFFD}"):
      // Arguments that are not UTF-8 arrive with this in the place of what is not.
      return Problem(
        "name-not-utf8", at: path, "there is no such file, perhaps because its name is not UTF-8",
        remedy: "rename it: only names in UTF-8 are read", kind: .noInput)
    case ENOENT, ENOTDIR:
      return Problem(
        "not-found", at: path, "there is no such file",
        remedy: "check the path; a rotating trainer may have deleted it", kind: .noInput)
    case EACCES, EPERM:
      return Problem(
        "permission", at: path, text,
        remedy: "give this user read access, for example by a group or an ACL", kind: .permission)
    default:
      return Problem(
        "unreadable", at: path, text, remedy: "check the file system and try again", kind: .io)
    }
  }

  /// A failed read of an open file.
  static func system(_ code: Int32, reading path: String, at offset: Int) -> Problem {
    if code == ESTALE {
      return Problem(
        "lost-before-read", at: path, "the file server no longer has it",
        remedy: "nothing, when a trainer deletes old checkpoints", kind: .tryAgain)
    }
    return Problem(
      "unreadable", at: "\(path): byte \(offset)", String(cString: strerror(code)),
      remedy: "check the file system and try again", kind: .io)
  }
}
