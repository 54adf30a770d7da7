// Paths by whole components: `run1` is no prefix of `run10`.

/// Pure functions on absolute, normalised paths.
package enum Path {
  /// The last component; `/` for the root.
  package static func name(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), path.utf8.count > 1 else {
      return path
    }
    return String(path[path.utf8.index(after: slash)...])
  }

  /// The path without its last component.
  package static func parent(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex else {
      return "/"
    }
    return String(path[..<slash])
  }

  /// A name in a folder.
  package static func join(_ directory: String, _ name: String) -> String {
    if name.utf8.first == UInt8(ascii: "/") { return name }
    return directory.utf8.last == UInt8(ascii: "/") ? directory + name : directory + "/" + name
  }

  /// What follows `directory` in `path`: empty for itself, nil when it is not inside.
  package static func relative(_ path: String, to directory: String) -> String? {
    if path == directory { return "" }
    let prefix = directory.utf8.last == UInt8(ascii: "/") ? directory : directory + "/"
    guard path.utf8.starts(with: prefix.utf8) else { return nil }
    return String(decoding: path.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
  }
}
