import Diagnostics
import Glibc

/// Reads a whole file that is small by its nature (probe.yaml, a graph without its weights).
///
/// - Throws: `no-such-file`, `permission-denied`, `not-a-regular-file`, `too-large`, `read-failed`.
func readSmallFile(_ path: String, limit: Int) throws(Problem) -> [UInt8] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
  guard descriptor >= 0 else { throw openProblem(path, errno) }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { throw openProblem(path, errno) }
  guard status.st_mode & S_IFMT == S_IFREG else {
    throw Problem(
      "not-a-regular-file", at: path, "it is a folder, a link or a device",
      remedy: "name the file itself", kind: .noInput)
  }
  guard status.st_size <= limit else {
    throw Problem(
      "too-large", at: path, "\(status.st_size) bytes, and at most \(limit) are read",
      remedy: "check that this is the file you mean (weights belong in the checkpoint)")
  }
  var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
  var filled = 0
  while filled < bytes.count {
    let wanted = bytes.count - filled
    let count = bytes.withUnsafeMutableBytes { raw in
      pread(descriptor, raw.baseAddress?.advanced(by: filled), wanted, off_t(filled))
    }
    if count < 0, errno == EINTR { continue }
    guard count > 0 else {
      throw Problem(
        "read-failed", at: path, "read \(filled) of \(bytes.count) bytes",
        remedy: "it may be changing; try again", kind: .tryAgain)
    }
    filled += count
  }
  return bytes
}

private func openProblem(_ path: String, _ code: Int32) -> Problem {
  let reason = String(cString: strerror(code))
  switch code {
  case ENOENT, ENOTDIR:
    return Problem(
      "no-such-file", at: path, reason, remedy: "check the path", kind: .noInput)
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
