// The fuzzer: one parser under libFuzzer. Built and started by etc/fuzz.
//
//   FUZZ_TARGET=NAME fuzz [libFuzzer's own options] [FOLDERS OF INPUTS]

import CFuzzer
import FuzzTargets
import Glibc

@main
enum Fuzz {
  static func main() {
    guard let name = getenv("FUZZ_TARGET").map({ String(cString: $0) }),
      FuzzTarget.named(name) != nil
    else {
      print(FuzzTarget.all.map(\.name).joined(separator: "\n"))
      exit(64)
    }
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    exit(LLVMFuzzerRunDriver(&count, &arguments) { Fuzz.one($0, $1) })
  }

  private static let target = getenv("FUZZ_TARGET").flatMap {
    FuzzTarget.named(String(cString: $0))
  }

  private static func one(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target?.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
  }
}
