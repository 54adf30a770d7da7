/// Whether the path still leads to the file that was read; the content is the same in every case.
public enum SourceState: String, Sendable {
  /// The path still leads to the file, unchanged.
  case unchanged
  /// The file lost its last name while it was read.
  case deleted
  /// The path leads nowhere now, and the file has another name.
  case moved
  /// The path leads to another file now.
  case replaced
}
