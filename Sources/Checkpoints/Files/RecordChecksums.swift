// Checksums of the spans that tensors lie in against what the files say. PyTorch's own reader does not
// check them, and some writers do not compute them (torch.serialization.set_crc32_options(False)).
internal import CKernels
internal import Diagnostics

struct RecordChecksums {
  private struct Key: Hashable {
    let file: Int
    let span: Int
  }

  /// The checksum of each span met, nil while it is not known.
  private var spans: [Key: UInt32?] = [:]

  /// Notes the spans of a tensor that was read; `whole` is the checksum when it is all of one.
  mutating func note(_ tensor: StoredTensor, whole: UInt32?) {
    guard !tensor.isComputed else { return }
    for location in tensor.assembly?.pieces.map(\.location) ?? [tensor.location] {
      guard let span = location.record else { continue }
      let key = Key(file: location.file, span: span)
      if let whole {
        spans[key] = .some(whole)
      } else if spans[key] == nil {
        spans[key] = .some(nil)
      }
    }
  }

  /// Compares; reads what was only seen in part. All wrong: not computed by the writer. Some: the
  /// file was damaged.
  ///
  /// - Parameter others: files that no tensor was read from, and whose small records say what the
  ///   tensors are; what is neither among them nor was read is for another survey.
  func findings(
    _ files: [Checkpoint.OpenFile], others: Set<Int>
  ) throws(Problem) -> [Finding] {
    var findings: [Finding] = []
    var byFile: [Int: Set<Int>] = [:]
    for key in spans.keys { byFile[key.file, default: []].insert(key.span) }
    for (index, open) in files.enumerated() {
      var keys = byFile[index] ?? []
      guard !keys.isEmpty || others.contains(index) else { continue }
      let archives = Set(
        keys.isEmpty ? open.spans.map(\.archive) : keys.map { open.spans[$0].archive })
      for (span, entry) in open.spans.enumerated()
      where entry.isStructure && archives.contains(entry.archive) {
        keys.insert(span)
      }
      var wrong: [String] = []
      for span in keys.sorted() {
        let entry = open.spans[span]
        let known = spans[Key(file: index, span: span)] ?? nil
        let checksum = if let known { known } else { try entry.compute(open.file) }
        if !entry.agrees(checksum) { wrong.append(entry.name) }
      }
      guard !keys.isEmpty else { continue }
      let isArchive = open.spans.contains(where: \.isStructure)
      if wrong.count == keys.count, isArchive {
        findings.append(
          Finding(
            "crc-not-computed", at: open.file.path,
            "no record has the checksum that the archive gives for it: its writer left them out"))
      } else {
        findings += wrong.prefix(20).map {
          Finding(
            "bit-rot", at: "\(open.file.path): record \($0)",
            "its bytes do not have the checksum that the \(isArchive ? "archive" : "index") gives for "
              + "them; the file is damaged")
        }
      }
    }
    return findings
  }
}

extension ChecksummedSpan {
  /// Continues a checksum of this span's kind.
  func add(_ bytes: UnsafeRawBufferPointer, to checksum: UInt32) -> UInt32 {
    switch self.checksum {
    case .crc32: ck_crc32(checksum, bytes.baseAddress, bytes.count)
    case .crc32c: ck_crc32c(checksum, bytes.baseAddress, bytes.count)
    }
  }

  func agrees(_ value: UInt32) -> Bool {
    switch checksum {
    case .crc32(let expected), .crc32c(let expected): value == expected
    }
  }

  /// The checksum of its bytes, read a piece at a time.
  func compute(_ file: InputFile) throws(Problem) -> UInt32 {
    var result: UInt32 = 0
    var done = 0
    let stream =
      isDeflated
      ? try InflateStream(
        file, at: offset, count: storedBytes, place: "\(file.path): record \(name)") : nil
    let all = isDeflated ? bytes : storedBytes
    while done < all {
      let count = min(all - done, BlockReader.blockBytes)
      let piece =
        if let stream { try stream.bytes(count) } else {
          try file.bytes(at: offset + done, count: count)
        }
      result = piece.withUnsafeBytes { add($0, to: result) }
      done += count
    }
    return result
  }
}
