/// Whether the path still leads to the file that was read; the content is the same in every case.
public enum SourceState: String, Sendable {
  /// The path still leads to the file, unchanged.
  case unchanged
  /// The file lost its last name while it was read.
  case deleted
  /// The path leads elsewhere now, or nowhere, and the file has another name.
  case moved
}
