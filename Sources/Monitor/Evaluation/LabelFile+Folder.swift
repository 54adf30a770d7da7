// label.json in a run's folder.

import Diagnostics
import Reports
import Watching

extension LabelFile {
  /// What the file is called.
  static let name = "label.json"

  /// Reads the label in a run's folder.
  ///
  /// - Throws: what is wrong with the file.
  init(in folder: String) throws(Problem) {
    let path = Path.join(folder, Self.name)
    let bytes = try DurableFile.read(path, limit: 1 << 20, on: PosixFileSystem())
    self = try LabelFile(json: bytes ?? [], path: path)
  }
}
