// The names in an open folder. Nothing is followed, and nothing but folders is opened.

internal import Glibc

/// A descriptor that is closed at the end of its life.
struct Descriptor: ~Copyable {
  let number: Int32

  init(_ number: Int32) { self.number = number }

  /// Opens a folder, never through a symbolic link in the last component.
  static func openDirectory(_ path: String, in parent: Int32 = AT_FDCWD) -> Result<Int32, Errno> {
    while true {
      let number = openat(
        parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
      if number >= 0 { return .success(number) }
      if errno != EINTR { return .failure(Errno(errno)) }
    }
  }

  /// Opens a file for reading: never through a symbolic link, never waiting on a FIFO.
  static func openFile(_ path: String) -> Result<Int32, Errno> {
    while true {
      let number = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
      if number >= 0 { return .success(number) }
      if errno != EINTR { return .failure(Errno(errno)) }
    }
  }

  deinit { close(number) }
}

/// A failed call's number.
package struct Errno: Error, Sendable, Hashable, CustomStringConvertible {
  package let number: Int32

  package init(_ number: Int32) { self.number = number }

  /// What the system calls it.
  package var description: String { String(cString: strerror(number)) }

  /// What to do about a folder that cannot be listed for it.
  package var remedyOfListing: String {
    switch number {
    case EMFILE, ENFILE: "raise LimitNOFILE= of the unit"
    case EACCES, EPERM: "give the daemon's user read and search permission on it"
    default: "bring its file system or server back"
    }
  }
}

/// The names in one folder, by kind, each in byte order.
struct DirectoryListing {
  /// Names of folders.
  var folders: [String] = []
  /// Names of everything else.
  var files: [String] = []
  /// How many names are no UTF-8.
  var unreadableNames = 0
  /// Names that differ from another's in Unicode normalisation only. They are none of the names above: to
  /// Swift two such names are one, and so two runs would be.
  var confusableNames: [String] = []
  /// How many entries were seen, `.` and `..` excepted.
  var entries = 0

  /// Lists the folder behind a descriptor, at most `limit` entries of it.
  static func read(_ directory: Int32, limit: Int) -> Result<DirectoryListing, Errno> {
    // fdopendir owns what it is given, so it gets a descriptor of its own, with its own offset.
    let own = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK)
    guard own >= 0 else { return .failure(Errno(errno)) }
    guard let stream = fdopendir(own) else {
      let failure = Errno(errno)
      close(own)
      return .failure(failure)
    }
    defer { closedir(stream) }
    var listing = DirectoryListing()
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { return .failure(Errno(errno)) }
        break
      }
      let kind = entry.pointee.d_type
      let bytes = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if bytes == [0x2E] || bytes == [0x2E, 0x2E] { continue }
      listing.entries += 1
      if listing.entries > limit { break }
      guard let name = String(validating: bytes, as: UTF8.self) else {
        listing.unreadableNames += 1
        continue
      }
      if Int32(kind) == Int32(DT_DIR)
        || (Int32(kind) == Int32(DT_UNKNOWN)
          && FileStatus.read(name, in: directory)?.isDirectory == true)
      {
        listing.folders.append(name)
      } else {
        listing.files.append(name)
      }
    }
    listing.setConfusableNamesAside()
    listing.folders.sort()
    listing.files.sort()
    return .success(listing)
  }

  private mutating func setConfusableNamesAside() {
    let beyondASCII = (folders + files).filter { !$0.utf8.allSatisfy { $0 < 0x80 } }
    var seen: Set<String> = []
    let twice = Set(beyondASCII.filter { !seen.insert($0).inserted })
    guard !twice.isEmpty else { return }
    confusableNames = beyondASCII.filter(twice.contains)
    folders.removeAll(where: twice.contains)
    files.removeAll(where: twice.contains)
  }
}

/// What `lstat` says of one name.
struct FileStatus {
  let raw: stat

  var isRegular: Bool { raw.st_mode & S_IFMT == S_IFREG }
  var isLink: Bool { raw.st_mode & S_IFMT == S_IFLNK }
  var isDirectory: Bool { raw.st_mode & S_IFMT == S_IFDIR }

  /// The kind in words, for messages.
  var kind: String {
    switch raw.st_mode & S_IFMT {
    case S_IFREG: "a file"
    case S_IFDIR: "a folder"
    case S_IFLNK: "a symbolic link"
    case S_IFIFO: "a FIFO"
    case S_IFSOCK: "a socket"
    case S_IFCHR, S_IFBLK: "a device"
    default: "of an unknown kind"
    }
  }

  /// Nil when the name is gone or cannot be looked at.
  static func read(_ name: String, in directory: Int32 = AT_FDCWD) -> FileStatus? {
    var status = stat()
    guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    return FileStatus(raw: status)
  }
}
