// SQLite's own file-system layer with one call, or every call from one on, failing
// (sqlite.org/testing.html §3.2, "I/O error testing"). Version 1 methods: no shared memory, which
// a ledger does not use.

import CSQLite
import Foundation

final class FaultyVFS {
  let name = "faulty-" + UUID().uuidString
  private let vfs = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
  private let cName: UnsafeMutablePointer<CChar>
  fileprivate let real: UnsafeMutablePointer<sqlite3_vfs>
  fileprivate let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
  private let first: Int
  private let isPersistent: Bool
  private let isFull: Bool
  private(set) var calls = 0
  private(set) var hits = 0

  /// `first` is the number, from 1, of the first call that fails; a full disk fails writes only.
  init?(first: Int, isPersistent: Bool, isFull: Bool) {
    guard let real = sqlite3_vfs_find(nil), let cName = strdup(name) else { return nil }
    self.real = real
    self.cName = cName
    self.first = first
    self.isPersistent = isPersistent
    self.isFull = isFull
    vfs.initialize(to: real.pointee)
    methods.initialize(to: ioMethods())
    vfs.pointee.pNext = nil
    vfs.pointee.zName = UnsafePointer(cName)
    vfs.pointee.szOsFile = Int32(realFileOffset) + real.pointee.szOsFile
    vfs.pointee.pAppData = Unmanaged.passUnretained(self).toOpaque()
    vfs.pointee.xOpen = { vfs, path, file, flags, outFlags in
      guard let owner = owner(vfs), let file else { return SQLITE_CANTOPEN }
      file.pointee.pMethods = nil
      if owner.fails() { return SQLITE_CANTOPEN }
      let code = owner.real.pointee.xOpen(owner.real, path, realFile(file), flags, outFlags)
      // Once it has methods, SQLite closes it, also after a failure.
      if realFile(file).pointee.pMethods != nil {
        UnsafeMutableRawPointer(file).assumingMemoryBound(to: FaultyFile.self).pointee.owner =
          Unmanaged.passUnretained(owner)
        file.pointee.pMethods = UnsafePointer(owner.methods)
      }
      return code
    }
    vfs.pointee.xDelete = { vfs, path, sync in
      guard let owner = owner(vfs) else { return SQLITE_IOERR }
      if owner.fails() { return SQLITE_IOERR | 10 << 8 }
      return owner.real.pointee.xDelete(owner.real, path, sync)
    }
    vfs.pointee.xAccess = { vfs, path, flags, result in
      guard let owner = owner(vfs) else { return SQLITE_IOERR }
      if owner.fails() { return SQLITE_IOERR | 13 << 8 }
      return owner.real.pointee.xAccess(owner.real, path, flags, result)
    }
    sqlite3_vfs_register(vfs, 0)
  }

  deinit {
    sqlite3_vfs_unregister(vfs)
    vfs.deallocate()
    methods.deallocate()
    free(cName)
  }

  fileprivate func fails(isWrite: Bool = false) -> Bool {
    calls += 1
    guard isPersistent ? calls >= first : calls == first, isWrite || !isFull else { return false }
    hits += 1
    return true
  }

  fileprivate var writeCode: Int32 { isFull ? SQLITE_FULL : SQLITE_IOERR | 3 << 8 }
}

private struct FaultyFile {
  var base: sqlite3_file
  var owner: Unmanaged<FaultyVFS>
}

// The real file's bytes follow ours, aligned for anything.
private let realFileOffset = 32

private func realFile(_ file: UnsafeMutablePointer<sqlite3_file>) -> UnsafeMutablePointer<
  sqlite3_file
> {
  (UnsafeMutableRawPointer(file) + realFileOffset).assumingMemoryBound(to: sqlite3_file.self)
}

private func owner(_ vfs: UnsafeMutablePointer<sqlite3_vfs>?) -> FaultyVFS? {
  vfs?.pointee.pAppData.map { Unmanaged<FaultyVFS>.fromOpaque($0).takeUnretainedValue() }
}

private typealias File = UnsafeMutablePointer<sqlite3_file>

private func call(
  _ file: File?, failure: Int32, isWrite: Bool = false, isCounted: Bool = true,
  _ body: (File, sqlite3_io_methods) -> Int32
) -> Int32 {
  guard let file else { return SQLITE_MISUSE }
  let owner = UnsafeMutableRawPointer(file).assumingMemoryBound(to: FaultyFile.self).pointee.owner
    .takeUnretainedValue()
  if isCounted, owner.fails(isWrite: isWrite) { return isWrite ? owner.writeCode : failure }
  let real = realFile(file)
  return body(real, real.pointee.pMethods.pointee)
}

private func ioMethods() -> sqlite3_io_methods {
  var methods = sqlite3_io_methods()
  methods.iVersion = 1
  methods.xClose = { call($0, failure: 0, isCounted: false) { $1.xClose($0) } }
  methods.xRead = { file, bytes, count, offset in
    call(file, failure: SQLITE_IOERR | 1 << 8) { $1.xRead($0, bytes, count, offset) }
  }
  methods.xWrite = { file, bytes, count, offset in
    call(file, failure: 0, isWrite: true) { $1.xWrite($0, bytes, count, offset) }
  }
  methods.xTruncate = { file, size in
    call(file, failure: SQLITE_IOERR | 6 << 8) { $1.xTruncate($0, size) }
  }
  methods.xSync = { file, flags in
    call(file, failure: SQLITE_IOERR | 4 << 8) { $1.xSync($0, flags) }
  }
  methods.xFileSize = { file, size in
    call(file, failure: SQLITE_IOERR | 7 << 8) { $1.xFileSize($0, size) }
  }
  methods.xLock = { file, level in
    call(file, failure: SQLITE_IOERR | 15 << 8) { $1.xLock($0, level) }
  }
  methods.xUnlock = { file, level in
    call(file, failure: 0, isCounted: false) { $1.xUnlock($0, level) }
  }
  methods.xCheckReservedLock = { file, result in
    call(file, failure: SQLITE_IOERR | 14 << 8) { $1.xCheckReservedLock($0, result) }
  }
  methods.xFileControl = { file, operation, argument in
    call(file, failure: 0, isCounted: false) { $1.xFileControl($0, operation, argument) }
  }
  methods.xSectorSize = { call($0, failure: 0, isCounted: false) { $1.xSectorSize($0) } }
  methods.xDeviceCharacteristics = {
    call($0, failure: 0, isCounted: false) { $1.xDeviceCharacteristics($0) }
  }
  return methods
}
