// Reading tensors: whole, in blocks, or all of them in one pass.
internal import CKernels
public import Diagnostics
public import Tensors
internal import Threads

extension Checkpoint {
  /// Reads a tensor whole, widened to float32, in its logical row-major order.
  ///
  /// Errors: `too-large` beyond 16 GiB, `changed-during-read`, `lost-before-read` (try again),
  /// `unreadable`.
  public func read(_ tensor: StoredTensor) throws(Problem) -> Tensor {
    guard tensor.shape.count <= 1 << 32 else {
      throw Problem(
        "too-large", at: "\(path): tensor \"\(tensor.name)\"",
        "its shape \(tensor.shape) has more than 16 GiB in float32",
        remedy: "only its norm and digest can be taken")
    }
    var problem: Problem?
    let values = [Float](unsafeUninitializedCapacity: tensor.shape.count) { buffer, count in
      do throws(Problem) {
        try fill(buffer, with: tensor)
        count = tensor.shape.count
      } catch {
        problem = error
        count = 0
      }
    }
    if let problem { throw problem }
    return Tensor(shape: tensor.shape, values: values)
  }

  private func fill(
    _ buffer: UnsafeMutableBufferPointer<Float>, with tensor: StoredTensor
  ) throws(Problem) {
    let location = tensor.location
    if tensor.type == .float32, location.strides == nil, !location.isBigEndian,
      tensor.assembly == nil, tensor.encoding == nil, !tensor.isComputed
    {
      let all = UnsafeMutableRawBufferPointer(
        rebasing: UnsafeMutableRawBufferPointer(buffer)[..<(tensor.shape.count * 4)])
      try files[location.file].file.read(
        into: all, at: location.storageOffset + location.firstElement * 4)
      return
    }
    let reader = BlockReader(elements: min(tensor.shape.count, BlockReader.blockBytes / 8))
    var done = 0
    try reader.forEachBlock(of: tensor, in: { files[$0].file }) { (_, floats) throws(Problem) in
      guard let from = floats.baseAddress, let to = buffer.baseAddress else { return }
      (to + done).update(from: from, count: floats.count)
      done += floats.count
    }
  }

  /// Streams a tensor in blocks of at most `elements` (and at most 524 288) float32, in its logical
  /// row-major order; memory stays bounded whatever the tensor's size.
  public func forEachBlock(
    of tensor: StoredTensor, elements: Int = 1 << 19,
    _ body: (UnsafeBufferPointer<Float>) throws(Problem) -> Void
  ) throws(Problem) {
    let reader = BlockReader(elements: min(elements, tensor.shape.count))
    try reader.forEachBlock(of: tensor, in: { files[$0].file }) { (_, floats) throws(Problem) in
      try body(floats)
    }
  }

  /// Sums over a tensor in float64, and counts of what is not finite; streams it once.
  public func summary(of tensor: StoredTensor) throws(Problem) -> TensorSummary {
    try tensor.summary(in: { files[$0].file })
  }

  /// (Σ w²)^½ in float64; nil when the tensor holds NaN or infinity.
  public func frobeniusNorm(of tensor: StoredTensor) throws(Problem) -> Double? {
    try summary(of: tensor).frobeniusNorm
  }

  /// SHA-256 in hexadecimal over (name, type, shape, content) of all tensors; the same in any
  /// container.
  ///
  /// With `text(s)` for the length of s and its UTF-8, and all numbers as 8 bytes, little-endian:
  /// a tensor's digest is SHA-256 of `text(type)`, the rank, the extents, and the elements row-major
  /// and little-endian; the checkpoint's is SHA-256 of `text(name) text(hexadecimal digest)` of
  /// every tensor, sorted by the bytes of the names.
  public func digest() throws(Problem) -> String { try survey().digest }

  /// Streams every tensor once: sums, digests and checksums.
  public func survey(threads: Int = 1) throws(Problem) -> Survey {
    try survey(threads: threads) { _ in NoMeter() }.survey
  }

  /// Streams every tensor once, several at a time, and beside the sums gives each of them to a meter.
  ///
  /// - Parameter meter: makes the meter of the tensor with this index; called, used and asked for
  ///   its result on one thread.
  /// - Returns: also the meters' results, by the tensors' indices.
  public func survey<Meter: BlockMeter>(
    threads: Int, _ meter: @escaping @Sendable (Int) -> Meter
  ) throws(Problem) -> (survey: Survey, results: [Meter.Result]) {
    let ofMoments = Set(
      (moments?.entries ?? []).flatMap { [$0.secondMoment, $0.firstMoment].compactMap { $0 } }
        .flatMap { $0.assembly?.pieces.map(\.location.file) ?? [$0.location.file] })
    let (summaries, findings, results) = try sweep(
      tensors, hashing: true, threads: threads, others: Set(files.indices).subtracting(ofMoments),
      meter)
    return (
      Survey(
        summaries: summaries, digest: digest(of: summaries),
        findings: findings + nonfinite(summaries)), results
    )
  }

  /// Takes what is seen to be a mask for state, not for a weight; whether there was any.
  public mutating func takeMasks(of survey: Survey) -> Bool {
    let masks = zip(tensors.indices, survey.summaries).filter { index, summary in
      summary.isMask && !tensors[index].isBuffer
    }
    for (index, _) in masks { tensors[index].isState = true }
    return !masks.isEmpty
  }

  /// That weights are not finite, as when a training has diverged.
  private func nonfinite(_ summaries: [TensorSummary]) -> [Finding] {
    let broken = zip(tensors, summaries).filter { tensor, summary in
      !tensor.isBuffer && !tensor.isTied && !summary.isMask
        && summary.nanCount + summary.infiniteCount > 0
    }.map(\.0.name)
    guard !broken.isEmpty else { return [] }
    let rest = broken.count > 8 ? " and \(broken.count - 8) more" : ""
    return [
      Finding(
        "weights-not-finite", at: path,
        "there are NaN or infinite weights in \(broken.prefix(8).joined(separator: ", "))\(rest)")
    ]
  }

  /// Streams the optimizer's moments once: sums and checksums. Returns nil when there are none.
  public func surveyMoments(threads: Int = 1) throws(Problem) -> MomentsSurvey? {
    guard let moments else { return nil }
    let second = moments.entries.map(\.secondMoment)
    let firstIndices = moments.entries.indices.filter { moments.entries[$0].firstMoment != nil }
    let first = moments.entries.compactMap(\.firstMoment)
    let (summaries, findings, _) = try sweep(
      second + first, hashing: false, threads: threads, others: []
    ) { _ in NoMeter() }
    var firstSummaries: [TensorSummary?] = second.map { _ in nil }
    for (entry, summary) in zip(firstIndices, summaries[second.count...]) {
      firstSummaries[entry] = summary
    }
    return MomentsSurvey(
      first: firstSummaries, second: Array(summaries[..<second.count]), findings: findings)
  }

  /// Summaries and meters' results of the tensors in their order; read in the order of the file.
  private func sweep<Meter: BlockMeter>(
    _ tensors: [StoredTensor], hashing: Bool, threads: Int, others: Set<Int>,
    _ meter: @escaping @Sendable (Int) -> Meter
  ) throws(Problem) -> ([TensorSummary], [Finding], [Meter.Result]) {
    let readers = ReaderPool(largest: tensors.map(\.shape.count).max() ?? 1)
    let order = tensors.indices.sorted {
      let (a, b) = (tensors[$0].location, tensors[$1].location)
      return (a.file, a.storageOffset, a.firstElement) < (b.file, b.storageOffset, b.firstElement)
    }
    let files = files
    var swept: [(summary: TensorSummary, result: Meter.Result)?] = tensors.map { _ in nil }
    var checksums = RecordChecksums()
    // Results are small: nobody waits for the largest tensor.
    try Threads.forEachBlock(count: order.count, threads: threads, window: order.count) {
      (position) throws(Problem) -> (TensorSummary, UInt32?, Meter.Result) in
      let index = order[position]
      let tensor = tensors[index]
      let span = spanFilled(by: tensor)
      var checksum: UInt32 = 0
      var meter = meter(index)
      let reader = readers.take()
      let summary = try tensor.summary(in: { files[$0].file }, with: reader, hashing: hashing) {
        (packed, floats) in
        if let span { checksum = span.add(packed, to: checksum) }
        meter.add(floats)
      }
      readers.giveBack(reader)
      return (summary, span == nil ? nil : checksum, meter.result())
    } combine: { (position, part) throws(Problem) in
      swept[order[position]] = (part.0, part.2)
      checksums.note(tensors[order[position]], whole: part.1)
    }
    let all = swept.compactMap { $0 }
    return (all.map(\.summary), try checksums.findings(files, others: others), all.map(\.result))
  }

  /// The span whose bytes are just those of a tensor, so that one pass over it takes the checksum too;
  /// an array in a record has a header before it, and a file in a record holds many.
  private func spanFilled(by tensor: StoredTensor) -> ChecksummedSpan? {
    guard tensor.fillsItsStorage, let record = tensor.location.record else { return nil }
    let span = files[tensor.location.file].spans[record]
    return span.offset == tensor.location.storageOffset
      && span.bytes == tensor.location.storageBytes && !span.isDeflated ? span : nil
  }

  private func digest(of summaries: [TensorSummary]) -> String {
    var hash = SHA256()
    let names = tensors.map { Array($0.name.utf8) }
    for index in tensors.indices.sorted(by: { names[$0].lexicographicallyPrecedes(names[$1]) })
    where !tensors[index].isComputed {
      hash.add(tensors[index].name)
      hash.add(summaries[index].digest ?? "")
    }
    return hexadecimal(hash.digest())
  }

  /// Proves that no file changed since it was opened. Returns the state of the one that is least
  /// there. Errors: `changed-during-read`, to be tried again.
  @discardableResult
  public func verifyUnchanged() throws(Problem) -> SourceState {
    var states: Set<SourceState> = []
    for open in files { states.insert(try open.file.verifyUnchanged()) }
    // Of several files some may have been opened before one was replaced, and some after.
    if files.count > 1, states.contains(.replaced) {
      throw Problem(
        "changed-during-read", at: path, "some of its files were replaced while it was read",
        remedy: "read it again when its writer has finished", kind: .tryAgain)
    }
    return [SourceState.replaced, .deleted, .moved].first(where: states.contains) ?? .unchanged
  }
}

extension Checkpoint {
  /// A single integer among the stored tensors.
  func integer(_ tensor: StoredTensor) throws(Problem) -> Int? {
    guard tensor.shape.count == 1, !tensor.type.isFloatingPoint else { return nil }
    var value: Int?
    try BlockReader(elements: 1).forEachBlock(of: tensor, in: { files[$0].file }) {
      (bytes, _) in
      let bits = Array(bytes).littleEndian(at: 0, width: tensor.type.byteWidth) ?? 0
      switch tensor.type {
      case .int32: value = Int(Int32(truncatingIfNeeded: bits))
      case .int16: value = Int(Int16(truncatingIfNeeded: bits))
      case .int8: value = Int(Int8(truncatingIfNeeded: bits))
      case .int64: value = Int(Int64(bitPattern: bits))
      default: value = Int(exactly: bits)
      }
    }
    return value
  }

  /// A single finite number among the stored tensors.
  func real(_ tensor: StoredTensor) throws(Problem) -> Double? {
    guard tensor.shape.count == 1 else { return nil }
    let value = Double(try read(tensor).values[0])
    return value.isFinite ? value : nil
  }

  /// Single numbers among the stored tensors by their names; those that are not finite are left out.
  func numbers(_ named: [(name: String, tensor: StoredTensor)]) throws(Problem) -> [String: Double]
  {
    var numbers: [String: Double] = [:]
    for (name, tensor) in named { numbers[name] = try real(tensor) }
    return numbers
  }
}
