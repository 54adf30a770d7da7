// Paths of the configuration made absolute and free of symbolic links, so that "inside" can be
// asked; parts that do not exist yet are kept as they are.

internal import Glibc
internal import Watching

enum RealPath {
  /// Absolute, as seen from the working directory; links are kept.
  static func absolute(_ path: String) -> String {
    if path.utf8.first == UInt8(ascii: "/") { return path }
    guard let here = getcwd(nil, 0) else { return path }
    defer { free(here) }
    return Path.join(String(cString: here), path)
  }

  /// Absolute, without `.`, `..` and symbolic links as far as the path exists.
  static func resolve(_ path: String) -> String {
    var known = absolute(path)
    var rest: [String] = []
    while true {
      if let real = realpath(known, nil) {
        defer { free(real) }
        return rest.reversed().reduce(String(cString: real)) { base, part in
          part == ".." ? Path.parent(base) : Path.join(base, part)
        }
      }
      while known.utf8.count > 1, known.utf8.last == UInt8(ascii: "/") { known.removeLast() }
      if known == "/" { return path }
      let name = Path.name(known)
      if name != ".", !name.isEmpty { rest.append(name) }
      known = Path.parent(known)
    }
  }

  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// Whether another file system begins at the folder.
  static func isMountPoint(_ path: String) -> Bool {
    var here = stat()
    var above = stat()
    guard stat(path, &here) == 0, stat(Path.parent(path), &above) == 0 else { return false }
    return here.st_dev != above.st_dev
  }

  /// Device and inode of what is there.
  static func identity(_ path: String) -> [UInt64]? {
    var status = stat()
    return stat(path, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
  }

  /// Device and inode of the path and of every folder above it, as far as they exist.
  static func identities(_ path: String) -> Set<[UInt64]> {
    var found: Set<[UInt64]> = []
    var path = path
    while true {
      if let own = identity(path) { found.insert(own) }
      if path == "/" { return found }
      path = Path.parent(path)
    }
  }
}
