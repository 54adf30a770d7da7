// The kernel's file system, one system call a method.

internal import Glibc

/// The real file system.
public struct PosixFileSystem: FileSystem {
  /// The real file system.
  public init() {}

  /// See `FileSystem`.
  public func open(
    _ path: String, for purpose: OpenPurpose
  ) throws(SystemCallError) -> OpenFile {
    let descriptor: Int32
    switch purpose {
    case .create(let mode):
      descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    case .read:
      // Not blocking: a FIFO in a file's place must not hang us; a regular file does not care.
      descriptor = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    case .directory:
      descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    case .lock(let mode):
      descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode)
    }
    try check(descriptor, "open")
    return OpenFile(descriptor: descriptor)
  }

  /// See `FileSystem`.
  public func close(_ file: OpenFile) throws(SystemCallError) {
    try check(Glibc.close(file.descriptor), "close")
  }

  /// See `FileSystem`.
  public func write(
    _ bytes: UnsafeRawBufferPointer, to file: OpenFile
  ) throws(SystemCallError) -> Int {
    try checkCount(Glibc.write(file.descriptor, bytes.baseAddress, bytes.count), "write")
  }

  /// See `FileSystem`.
  public func read(
    into buffer: UnsafeMutableRawBufferPointer, from file: OpenFile
  ) throws(SystemCallError) -> Int {
    try checkCount(Glibc.read(file.descriptor, buffer.baseAddress, buffer.count), "read")
  }

  /// See `FileSystem`.
  public func synchronize(_ file: OpenFile) throws(SystemCallError) {
    try check(fsync(file.descriptor), "fsync")
  }

  /// See `FileSystem`.
  public func truncate(_ file: OpenFile, to size: Int) throws(SystemCallError) {
    try check(ftruncate(file.descriptor, size), "ftruncate")
  }

  /// See `FileSystem`.
  public func setMode(_ mode: UInt32, of file: OpenFile) throws(SystemCallError) {
    try check(fchmod(file.descriptor, mode), "fchmod")
  }

  /// See `FileSystem`.
  public func lock(_ file: OpenFile) throws(SystemCallError) -> Bool {
    if flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
    if errno == EWOULDBLOCK { return false }
    throw SystemCallError(call: "flock", number: errno)
  }

  /// See `FileSystem`.
  public func unlock(_ file: OpenFile) { _ = flock(file.descriptor, LOCK_UN) }

  /// See `FileSystem`.
  public func rename(_ path: String, to newPath: String) throws(SystemCallError) {
    try check(Glibc.rename(path, newPath), "rename")
  }

  /// See `FileSystem`.
  public func unlink(_ path: String) throws(SystemCallError) {
    try check(Glibc.unlink(path), "unlink")
  }

  /// See `FileSystem`.
  public func makeDirectory(_ path: String, mode: UInt32) throws(SystemCallError) {
    try check(mkdir(path, mode), "mkdir")
  }

  /// See `FileSystem`.
  public func names(in directory: String) throws(SystemCallError) -> [String] {
    guard let stream = opendir(directory) else {
      throw SystemCallError(call: "opendir", number: errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw SystemCallError(call: "readdir", number: errno) }
        return names
      }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
  }

  /// See `FileSystem`.
  public func status(
    _ path: String, followingLink: Bool
  ) throws(SystemCallError) -> FileStatus? {
    var result = stat()
    let code = followingLink ? stat(path, &result) : lstat(path, &result)
    if code != 0, errno == ENOENT || errno == ENOTDIR { return nil }
    try check(code, followingLink ? "stat" : "lstat")
    return FileStatus(result)
  }

  /// See `FileSystem`.
  public func status(of file: OpenFile) throws(SystemCallError) -> FileStatus {
    var result = stat()
    try check(fstat(file.descriptor, &result), "fstat")
    return FileStatus(result)
  }

  private func check(_ code: Int32, _ call: String) throws(SystemCallError) {
    if code < 0 { throw SystemCallError(call: call, number: errno) }
  }

  private func checkCount(_ count: Int, _ call: String) throws(SystemCallError) -> Int {
    if count < 0 { throw SystemCallError(call: call, number: errno) }
    return count
  }
}

extension FileStatus {
  init(_ result: stat) {
    let kind: Kind
    switch result.st_mode & S_IFMT {
    case S_IFREG: kind = .regular
    case S_IFDIR: kind = .directory
    case S_IFLNK: kind = .link
    default: kind = .other
    }
    self.init(
      kind: kind, mode: result.st_mode & 0o7777, size: Int(result.st_size),
      links: Int(result.st_nlink), device: UInt64(result.st_dev), inode: UInt64(result.st_ino),
      owner: result.st_uid)
  }
}
