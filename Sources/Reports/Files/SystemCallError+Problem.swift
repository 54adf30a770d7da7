// What a failed system call means to the person who must act.

public import Diagnostics
internal import Glibc

extension SystemCallError {
  /// The problem to report: `disk-full`, `not-permitted`, `read-only`, `no-such-file`,
  /// `too-many-files` or `io-failed`, with the call and the kernel's words.
  public func problem(at path: String) -> Problem {
    let what = "\(call) failed: \(String(cString: strerror(number)))"
    switch number {
    case ENOSPC, EDQUOT:
      return Problem(
        "disk-full", at: path, what, remedy: "free space (or inodes, or quota) there", kind: .io)
    case EACCES, EPERM:
      return Problem(
        "not-permitted", at: path, what, remedy: "give this user the right to it",
        kind: .permission)
    case EROFS:
      return Problem(
        "read-only", at: path, what,
        remedy: "mount it for writing, or name it in the unit's ReadWritePaths=", kind: .permission)
    case ENOENT, ENOTDIR:
      return Problem(
        "no-such-file", at: path, what, remedy: "create the directory it belongs to", kind: .noInput
      )
    case ELOOP:
      return Problem(
        "symbolic-link", at: path, what, remedy: "remove the link: none is followed here",
        kind: .permission)
    case EMFILE, ENFILE:
      return Problem(
        "too-many-files", at: path, what, remedy: "raise LimitNOFILE=", kind: .unavailable)
    case EINTR, EAGAIN:
      return Problem("interrupted", at: path, what, remedy: "try again", kind: .tryAgain)
    default:
      return Problem(
        "io-failed", at: path, what, remedy: "look for the reason in the kernel's log (dmesg)",
        kind: .io)
    }
  }
}
