// The few system calls that reports, state and alerts make, as a protocol: so that a test can make
// the Nth of them fail (reliability.md §1.4). One method is one call: none retries, none hides.

/// A system call that failed.
public struct SystemCallError: Error, Sendable, Hashable {
  /// The call, for example `fsync`.
  public let call: String
  /// Its `errno`.
  public let number: Int32

  /// Names a failure.
  public init(call: String, number: Int32) {
    self.call = call
    self.number = number
  }
}

/// An open file; whoever opened it closes it.
public struct OpenFile: Sendable, Hashable {
  /// The number the kernel gave it.
  public let descriptor: Int32

  /// Wraps a descriptor.
  public init(descriptor: Int32) { self.descriptor = descriptor }
}

/// Why a file is opened. No purpose follows a symbolic link in the last part of a path, but
/// `directory`: an administrator may have linked one.
public enum OpenPurpose: Sendable, Hashable {
  /// A new file for writing, which must not exist: `O_CREAT|O_EXCL|O_NOFOLLOW`.
  case create(mode: UInt32)
  /// An existing file for reading.
  case read
  /// A directory, to be synchronised.
  case directory
  /// A file that is locked, created if need be, kept as it is: `O_CREAT|O_RDWR`.
  case lock(mode: UInt32)
}

/// What `stat` says of a file.
public struct FileStatus: Sendable, Hashable {
  /// What kind of file it is.
  public enum Kind: Sendable, Hashable {
    /// An ordinary file.
    case regular
    /// A directory.
    case directory
    /// A symbolic link, when not followed.
    case link
    /// A pipe, socket or device.
    case other
  }

  /// What kind of file it is.
  public let kind: Kind
  /// Permission bits.
  public let mode: UInt32
  /// Bytes.
  public let size: Int
  /// Names it has; 0 once it is removed.
  public let links: Int
  /// Its device.
  public let device: UInt64
  /// Its number on the device.
  public let inode: UInt64
  /// The user who owns it.
  public let owner: UInt32

  /// Creates a status.
  public init(
    kind: Kind, mode: UInt32, size: Int, links: Int, device: UInt64, inode: UInt64, owner: UInt32
  ) {
    self.kind = kind
    self.mode = mode
    self.size = size
    self.links = links
    self.device = device
    self.inode = inode
    self.owner = owner
  }
}

/// The calls. Paths are UTF-8, absolute or relative to the working directory.
public protocol FileSystem: Sendable {
  /// `open`, close-on-exec.
  func open(_ path: String, for purpose: OpenPurpose) throws(SystemCallError) -> OpenFile
  /// `close`. The descriptor is gone afterwards, whatever the call says (Linux).
  func close(_ file: OpenFile) throws(SystemCallError)
  /// `write` at the current position; returns how many bytes went, maybe fewer than given.
  func write(_ bytes: UnsafeRawBufferPointer, to file: OpenFile) throws(SystemCallError) -> Int
  /// `read` from the current position; returns how many bytes came, 0 at the end.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, from file: OpenFile
  ) throws(SystemCallError) -> Int
  /// `fsync`.
  func synchronize(_ file: OpenFile) throws(SystemCallError)
  /// `ftruncate`.
  func truncate(_ file: OpenFile, to size: Int) throws(SystemCallError)
  /// `fchmod`: the umask has no say.
  func setMode(_ mode: UInt32, of file: OpenFile) throws(SystemCallError)
  /// `flock(LOCK_EX|LOCK_NB)`: false when another open file holds the lock.
  func lock(_ file: OpenFile) throws(SystemCallError) -> Bool
  /// `flock(LOCK_UN)`. Closing is not enough: a child that is just being started has the descriptor
  /// too, until its program is loaded.
  func unlock(_ file: OpenFile)
  /// `rename`, replacing whatever has the new name.
  func rename(_ path: String, to newPath: String) throws(SystemCallError)
  /// `unlink`.
  func unlink(_ path: String) throws(SystemCallError)
  /// `mkdir`; the umask applies.
  func makeDirectory(_ path: String, mode: UInt32) throws(SystemCallError)
  /// The names in a directory without `.` and `..`, in no order.
  func names(in directory: String) throws(SystemCallError) -> [String]
  /// `stat` or `lstat`; nil when there is nothing of that name.
  func status(_ path: String, followingLink: Bool) throws(SystemCallError) -> FileStatus?
  /// `fstat`.
  func status(of file: OpenFile) throws(SystemCallError) -> FileStatus
}
