// One scan under way: the recursion of Scanner and what it has gathered.

internal import Diagnostics
internal import Glibc

struct Walk {
  /// The root, free of symbolic links.
  let root: String
  let limits: ScanLimits
  let recursive: Bool
  var result = ScanResult()
  private var visited: Set<[UInt64]> = []
  private let progress: ScanProgress?

  init(root: String, limits: ScanLimits, recursive: Bool, progress: ScanProgress? = nil) {
    self.root = root
    self.limits = limits
    self.recursive = recursive
    self.progress = progress
  }

  /// Folders whose names say that nothing in them is finished, or nothing is meant for us.
  static func mayEnter(_ folder: String) -> Bool {
    !CheckpointNames.isHidden(folder) && !CheckpointNames.isTemporary(folder)
  }

  /// Whether the open folder is one checkpoint.
  func isCheckpoint(_ directory: Int32, path: String) -> Bool {
    guard case .success(let listing) = DirectoryListing.read(directory, limit: limits.entries)
    else { return false }
    return Self.rule(for: path, listing) != nil
  }

  /// Whether a name in the open folder is one of several that are passed over, since only their Unicode
  /// normalisation differs.
  func isConfusable(_ name: String, in directory: Int32) -> Bool {
    guard !name.utf8.allSatisfy({ $0 < 0x80 }),
      case .success(let listing) = DirectoryListing.read(directory, limit: limits.entries)
    else { return false }
    return listing.confusableNames.contains(name)
  }

  private static func rule(
    for path: String, _ listing: DirectoryListing
  ) -> (any FolderRule.Type)? {
    FolderRules.rule(
      for: FolderNames(name: Path.name(path), files: listing.files, folders: listing.folders))
  }

  /// Looks at the open folder, and at those in it when the walk is recursive.
  mutating func visit(_ directory: Int32, path: String, depth: Int, isRoot: Bool) {
    progress?.move()
    // A bind mount can put a folder into itself.
    var status = stat()
    guard fstat(directory, &status) == 0,
      visited.insert([UInt64(status.st_dev), UInt64(status.st_ino)]).inserted
    else { return }
    let listing: DirectoryListing
    switch DirectoryListing.read(directory, limit: limits.entries - result.entries) {
    case .success(let read): listing = read
    case .failure(let failure): return note(unreadable: path, failure)
    }
    result.directories += 1
    result.entries += listing.entries
    if result.entries > limits.entries { noteTooMany(path) }
    if listing.unreadableNames > 0 { noteNames(path, listing.unreadableNames) }
    if let name = listing.confusableNames.first { noteConfusable(path, name) }
    if !isRoot, let rule = Self.rule(for: path, listing) {
      return takeFolder(directory, path: path, listing, rule)
    }
    // Some folders are named as files are, and are nothing when they are no checkpoint. Accelerate's, named as
    // Flax's files, are empty at first.
    let name = Path.name(path)
    if !isRoot, CheckpointNames.isFile(name), !CheckpointNames.isFlax(name) {
      return note(notRegular: path, in: Path.parent(path), kind: "a folder")
    }
    for name in listing.files
    where CheckpointNames.isFile(name) && !IndexedFiles.isPart(name, among: listing.files)
      || IndexedFiles.isIndex(name, in: Path.name(path), among: listing.files)
    {
      takeFile(directory, name, in: path, listing.files)
    }
    for name in listing.folders { enter(name, directory, path: path, depth: depth) }
  }

  private mutating func enter(_ name: String, _ directory: Int32, path: String, depth: Int) {
    let child = Path.join(path, name)
    // What belongs to a trainer's folder that is not yet told is no checkpoint of its own.
    let isPart =
      CheckpointNames.isTrainersFolder(Path.name(path)) && HuggingFaceRule.isPart(name)
    guard !isPart, recursive, Self.mayEnter(name), result.entries <= limits.entries else { return }
    guard depth < limits.depth else { return noteTooDeep(child, in: path) }
    switch Descriptor.openDirectory(name, in: directory) {
    case .success(let number):
      let descriptor = Descriptor(number)
      visit(descriptor.number, path: child, depth: depth + 1, isRoot: false)
    case .failure(let failure) where [ENOENT, ENOTDIR, ELOOP].contains(failure.number):
      return  // gone or replaced since it was listed: the next scan tells
    case .failure(let failure):
      note(unreadable: child, failure)
    }
  }

  private mutating func takeFile(
    _ directory: Int32, _ name: String, in path: String, _ names: [String]
  ) {
    progress?.move()
    guard let status = FileStatus.read(name, in: directory) else { return }
    let full = Path.join(path, name)
    if status.isLink {
      switch destination(of: full) {
      case .checkpoint(let target): result.links.append(CheckpointLink(path: full, target: target))
      case .nowhere: break
      case .elsewhere: note(notRegular: full, in: path, kind: status.kind)
      }
      return
    }
    guard status.isRegular else { return note(notRegular: full, in: path, kind: status.kind) }
    result.candidates.append(
      Candidate(
        path: full, runDirectory: path, kind: .file,
        fingerprint: Self.fingerprint(of: name, status, in: directory, among: names)))
  }

  /// A file, and the data files that belong to it when it is an index of some.
  static func fingerprint(
    of name: String, _ status: FileStatus, in directory: Int32, among names: [String]
  ) -> Fingerprint {
    var members = [Fingerprint.Member(name: name, status.raw)]
    for part in IndexedFiles.parts(of: name, among: names) {
      guard let status = FileStatus.read(part, in: directory), status.isRegular else { continue }
      members.append(Fingerprint.Member(name: part, status.raw))
    }
    return Fingerprint(members)
  }

  private enum Destination {
    /// Something in the root that is seen under its own name: trainers link `last.ckpt` to their
    /// newest checkpoint.
    case checkpoint(String)
    /// Nothing is there just now; a bare name would lead to its own folder.
    case nowhere
    case elsewhere
  }

  /// Where a link leads. Names are resolved; nothing is opened.
  private func destination(of link: String) -> Destination {
    if let real = realpath(link, nil) {
      defer { free(real) }
      let target = String(cString: real)
      return isSeen(target) ? .checkpoint(target) : .elsewhere
    }
    // What leads in a circle leads nowhere at any time.
    guard errno == ENOENT else { return .elsewhere }
    var buffer = [CChar](repeating: 0, count: 4_096)
    let count = readlink(link, &buffer, buffer.count)
    let isBare = count > 0 && !buffer[..<count].contains(CChar(bitPattern: UInt8(ascii: "/")))
    return isBare ? .nowhere : .elsewhere
  }

  /// Whether a scan comes by a path that is free of links, and takes what lies there for a checkpoint.
  private func isSeen(_ path: String) -> Bool {
    guard let relative = Path.relative(path, to: root),
      let name = relative.split(separator: "/").last.map(String.init),
      relative.split(separator: "/").dropLast().allSatisfy({ Self.mayEnter(String($0)) })
    else { return false }
    return CheckpointNames.isFile(name)
  }

  private mutating func takeFolder(
    _ directory: Int32, path: String, _ listing: DirectoryListing, _ rule: any FolderRule.Type
  ) {
    var members: [Fingerprint.Member] = []
    guard gather(directory, path, listing, "", rule, &members) else { return }
    result.candidates.append(
      Candidate(
        path: path, runDirectory: Path.parent(path), kind: .folder,
        fingerprint: Fingerprint(members)))
  }

  /// The members in a folder and in its parts; false when one that cannot be spared is no file.
  private mutating func gather(
    _ directory: Int32, _ path: String, _ listing: DirectoryListing, _ prefix: String,
    _ rule: any FolderRule.Type, _ members: inout [Fingerprint.Member]
  ) -> Bool {
    for name in listing.files where rule.isMember(prefix + name) {
      guard let status = FileStatus.read(name, in: directory) else { continue }
      guard status.isRegular else {
        note(notRegular: Path.join(path, prefix + name), in: Path.parent(path), kind: status.kind)
        if !rule.canSpare(prefix + name) { return false }
        continue
      }
      members.append(Fingerprint.Member(name: prefix + name, status.raw))
    }
    // Deep enough for every writer; the limit is against folders that lie.
    guard prefix.utf8.count < 1_024 else { return true }
    for name in listing.folders where rule.isPart(prefix + name) {
      guard case .success(let number) = Descriptor.openDirectory(name, in: directory) else {
        continue
      }
      let part = Descriptor(number)
      guard
        case .success(let listing) = DirectoryListing.read(
          part.number, limit: limits.entries - result.entries)
      else { continue }
      result.entries += listing.entries
      guard gather(part.number, path, listing, "\(prefix)\(name)/", rule, &members) else {
        return false
      }
    }
    return true
  }

  private mutating func note(notRegular path: String, in run: String, kind: String) {
    add(
      path, run,
      Problem(
        "not-regular", at: path, "named like a checkpoint, but it is \(kind)",
        remedy: "nothing is needed; only regular files and folders of them are read"))
  }

  private mutating func note(unreadable path: String, _ failure: Errno) {
    result.isWhole = false
    add(
      path, Path.parent(path),
      Problem(
        "unreadable", at: path, "the folder cannot be listed (\(failure))",
        remedy: failure.remedyOfListing, kind: .permission))
  }

  private mutating func noteNames(_ path: String, _ count: Int) {
    add(
      path, path,
      Problem(
        "name-not-utf8", at: path, "\(count) names in this folder are no UTF-8 and passed over",
        remedy: "rename them if they are checkpoints"))
  }

  private mutating func noteConfusable(_ path: String, _ name: String) {
    add(
      path, path,
      Problem(
        "names-confusable", at: path,
        "names that differ in Unicode normalisation only, \(name) among them, are passed over",
        remedy: "rename all but one"))
  }

  private mutating func noteTooDeep(_ path: String, in run: String) {
    result.isWhole = false
    add(
      path, run,
      Problem(
        "too-deep", at: path, "more than \(limits.depth) folders below the root, not looked into",
        remedy: "raise scan.max_depth, or watch a folder further down"))
  }

  private mutating func noteTooMany(_ path: String) {
    result.isWhole = false
    add(
      path, path,
      Problem(
        "too-many-entries", at: path, "the scan ended after \(limits.entries) directory entries",
        remedy: "raise scan.max_entries, or watch folders further down"))
  }

  private mutating func add(_ path: String, _ run: String, _ problem: Problem) {
    // One hostile folder must not fill the memory with remarks.
    guard result.oddities.count < 10_000 else { return }
    result.oddities.append(Oddity(path: path, runDirectory: run, problem: problem))
  }
}
