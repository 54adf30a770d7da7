// Confines itself to reading one path, then tries one thing; prints what became of it. Tests start
// it, since what a process takes from itself it cannot get back.
//
//   sandbox-trial THING ALLOWED [PATH]

import Confinement
import Glibc

@main
enum SandboxTrial {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count >= 3 else { exit(64) }
    let other = arguments.count > 3 ? arguments[3] : ""
    let confinement = Confinement.apply(reading: [arguments[2]])
    let result = attempt(arguments[1], arguments[2], other)
    let code = result == 0 ? "done" : String(cString: strerror(result))
    print("\(confinement): \(code)")
  }

  /// The error number, or 0.
  private static func attempt(_ thing: String, _ allowed: String, _ other: String) -> Int32 {
    errno = 0
    switch thing {
    case "read": return opened(allowed, O_RDONLY)
    case "read-other": return opened(other, O_RDONLY)
    case "list-other":
      guard let stream = opendir(other) else { return errno }
      closedir(stream)
    case "write": return opened(allowed, O_WRONLY)
    case "create": return opened(other, O_CREAT | O_RDONLY)
    case "truncate": return truncate(allowed, 0) == 0 ? 0 : errno
    case "remove": return unlink(allowed) == 0 ? 0 : errno
    case "execute":
      var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
      execv("/bin/true", &arguments)
      return errno
    case "spawn":
      var identifier: pid_t = 0
      var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
      return posix_spawn(&identifier, "/bin/true", nil, nil, &arguments, nil)
    case "connect": return socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) >= 0 ? 0 : errno
    case "signal": return kill(getppid(), 0) == 0 ? 0 : errno
    case "map-code":
      let memory = mmap(
        nil, 4_096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      return memory == MAP_FAILED ? errno : 0
    case "lock": return locked(allowed)
    case "threads": return joined()
    case "abort": abort()
    default: exit(64)
    }
    return 0
  }

  private static func opened(_ path: String, _ flags: Int32) -> Int32 {
    let file = open(path, flags, 0o600)
    guard file >= 0 else { return errno }
    close(file)
    return 0
  }

  private static func locked(_ path: String) -> Int32 {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { return errno }
    return flock(file, LOCK_SH) == 0 ? 0 : errno
  }

  /// Four threads, one after another.
  private static func joined() -> Int32 {
    for _ in 0..<4 {
      var thread = pthread_t()
      let failure = pthread_create(&thread, nil, { _ in nil }, nil)
      guard failure == 0 else { return failure }
      pthread_join(thread, nil)
    }
    return 0
  }
}
