import Diagnostics
import Reports

/// The bytes of a document that a person names.
///
/// - Parameter remedy: what to do where there is none.
/// - Throws: `no-such-file`, or what the disk says.
func readDocument(_ path: String, remedy: String) throws(Problem) -> [UInt8] {
  guard let bytes = try DurableFile.read(path, limit: 64 << 20, on: PosixFileSystem()) else {
    throw Problem(
      "no-such-file", at: path, "it does not exist",
      remedy: remedy, kind: .noInput)
  }
  return bytes
}
