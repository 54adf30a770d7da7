// CRC-32 of zip records against what the archive says. PyTorch's own reader does not check them, and
// some writers do not compute them (torch.serialization.set_crc32_options(False)).
internal import CKernels
internal import Diagnostics

struct RecordChecksums {
  private struct Key: Hashable, Comparable {
    let file: Int
    let record: Int
    static func < (a: Key, b: Key) -> Bool { (a.file, a.record) < (b.file, b.record) }
  }

  /// The checksum of each record met, nil while it is not known.
  private var records: [Key: UInt32?] = [:]

  /// Notes the record of a tensor that was read; `whole` is the checksum when it is all of it.
  mutating func note(_ tensor: StoredTensor, whole: UInt32?) {
    guard let record = tensor.location.record, !tensor.isComputed else { return }
    let key = Key(file: tensor.location.file, record: record)
    if let whole {
      records[key] = .some(whole)
    } else if records[key] == nil {
      records[key] = .some(nil)
    }
  }

  /// Compares; reads what was only seen in part. All wrong: not computed by the writer. Some: the
  /// file was damaged.
  func findings(_ files: [Checkpoint.OpenFile]) throws(Problem) -> [Finding] {
    var findings: [Finding] = []
    for (index, open) in files.enumerated() {
      guard let zip = open.zip else { continue }
      var keys = Set(records.keys.filter { $0.file == index }.map(\.record))
      // Only the files that were swept: each survey speaks of its own.
      guard !keys.isEmpty else { continue }
      // The small records too: they tell "not computed" from "damaged".
      for (record, entry) in zip.records.enumerated() where !entry.name.contains("/data/") {
        keys.insert(record)
      }
      var wrong: [String] = []
      for record in keys.sorted() {
        let entry = zip.records[record]
        let known = records[Key(file: index, record: record)] ?? nil
        let checksum = if let known { known } else { try read(entry, open.file) }
        if checksum != entry.checksum { wrong.append(entry.name) }
      }
      if wrong.count == keys.count {
        findings.append(
          Finding(
            "crc-not-computed", at: open.file.path,
            "no record has the checksum that the archive gives for it: its writer left them out"))
      } else {
        findings += wrong.prefix(20).map {
          Finding(
            "bit-rot", at: "\(open.file.path): record \($0)",
            "its bytes do not have the checksum that the archive gives for them; the file is damaged"
          )
        }
      }
    }
    return findings
  }

  private func read(_ record: ZipArchive.Record, _ file: InputFile) throws(Problem) -> UInt32 {
    var checksum: UInt32 = 0
    var done = 0
    if record.isDeflated {
      let stream = try InflateStream(
        file, at: record.dataOffset, count: record.storedBytes,
        place: "\(file.path): record \(record.name)")
      while done < record.bytes {
        let bytes = try stream.bytes(min(record.bytes - done, BlockReader.blockBytes))
        checksum = bytes.withUnsafeBufferPointer { ck_crc32(checksum, $0.baseAddress, $0.count) }
        done += bytes.count
      }
      return checksum
    }
    while done < record.storedBytes {
      let count = min(record.storedBytes - done, BlockReader.blockBytes)
      let bytes = try file.bytes(at: record.dataOffset + done, count: count)
      checksum = bytes.withUnsafeBufferPointer { ck_crc32(checksum, $0.baseAddress, $0.count) }
      done += count
    }
    return checksum
  }
}
