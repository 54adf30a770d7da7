import Diagnostics
import Glibc

/// Reads a whole file that is small by its nature (probe.yaml, a graph without its weights).
///
/// - Throws: `no-such-file`, `permission-denied`, `not-a-regular-file`, `too-large`, `read-failed`.
///
/// - Parameter followsLink: whether the name may be a symbolic link. What is said of a text quotes from it,
///   so that a run must not name a text that is not its own.
func readSmallFile(
  _ path: String, limit: Int, followsLink: Bool = true
) throws(Problem) -> [UInt8] {
  try withRegularFile(path, followsLink: followsLink) { (descriptor, size) throws(Problem) in
    guard size <= limit else {
      throw Problem(
        "too-large", at: path, "\(size) bytes, and at most \(limit) are read",
        remedy: "check that this is the file you mean (weights belong in the checkpoint)")
    }
    return try read(descriptor, path, at: 0, count: size)
  }
}

/// Reads some bytes of a file.
///
/// - Throws: as `readSmallFile`; `too-short` when the file ends before them.
func readPart(of path: String, at offset: Int, count: Int) throws(Problem) -> [UInt8] {
  try withRegularFile(path) { (descriptor, size) throws(Problem) in
    guard offset >= 0, count >= 0, offset <= size, count <= size - offset else {
      throw Problem(
        "too-short", at: path, "\(size) bytes, where \(count) at \(offset) are wanted",
        remedy: "the file is damaged or another graph's, export it again")
    }
    return try read(descriptor, path, at: offset, count: count)
  }
}

private func withRegularFile(
  _ path: String, followsLink: Bool = true,
  _ body: (_ descriptor: Int32, _ size: Int) throws(Problem) -> [UInt8]
) throws(Problem) -> [UInt8] {
  let descriptor = open(
    path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (followsLink ? 0 : O_NOFOLLOW))
  guard descriptor >= 0 else { throw openProblem(path, errno) }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { throw openProblem(path, errno) }
  guard status.st_mode & S_IFMT == S_IFREG else {
    throw Problem(
      "not-a-regular-file", at: path, "it is a folder, a link or a device",
      remedy: "name the file itself", kind: .noInput)
  }
  return try body(descriptor, Int(status.st_size))
}

private func read(
  _ descriptor: Int32, _ path: String, at offset: Int, count: Int
) throws(Problem) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: count)
  var filled = 0
  while filled < count {
    let got = bytes.withUnsafeMutableBytes { raw in
      pread(
        descriptor, raw.baseAddress?.advanced(by: filled), count - filled, off_t(offset + filled))
    }
    if got < 0, errno == EINTR { continue }
    guard got > 0 else {
      throw Problem(
        "read-failed", at: path, "read \(filled) of \(count) bytes",
        remedy: "it may be changing; try again", kind: .tryAgain)
    }
    filled += got
  }
  return bytes
}

private func openProblem(_ path: String, _ code: Int32) -> Problem {
  let reason = String(cString: strerror(code))
  switch code {
  case ENOENT, ENOTDIR:
    return Problem(
      "no-such-file", at: path, reason, remedy: "check the path", kind: .noInput)
  case ELOOP:
    return Problem(
      "symbolic-link", at: path, "it is a symbolic link", remedy: "put the file itself there",
      kind: .configuration)
  case EACCES, EPERM:
    return Problem(
      "permission-denied", at: path, reason, remedy: "give this user read access",
      kind: .permission)
  default:
    return Problem(
      "read-failed", at: path, reason, remedy: "check the disk or mount, then try again",
      kind: .io)
  }
}

/// Whether something of that name is there, links followed.
func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }
