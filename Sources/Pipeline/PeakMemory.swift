// The largest resident set of this process alone: VmHWM of proc(5). getrusage(2) would count that of
// the program which started it too, since it keeps the larger of the two across exec.
import Glibc

/// Opened before the sandbox closes, read after it.
public enum PeakMemory {
  private static let status = open("/proc/self/status", O_RDONLY | O_CLOEXEC)

  /// Makes sure that it can be read from now on.
  public static func prepare() { _ = status }

  /// Bytes; what getrusage says where there is no /proc.
  static var bytes: Int {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = buffer.withUnsafeMutableBytes { pread(status, $0.baseAddress, $0.count, 0) }
    let lines = buffer.prefix(max(count, 0)).split(separator: 0x0A)
    if let line = lines.first(where: { $0.starts(with: "VmHWM:".utf8) }),
      let kibibytes = Int(
        String(decoding: line.filter { (0x30...0x39).contains($0) }, as: UTF8.self))
    {
      return kibibytes * 1_024
    }
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1_024
  }
}
