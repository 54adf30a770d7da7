// What no checkpoint of a training run reaches, whatever its format: more tensors than a report can
// list, or tensors of which nearly nothing is stored (reliability.md §1.11).
internal import Diagnostics
internal import Tensors

extension Checkpoint {
  /// The most tensors of one checkpoint.
  static let mostTensors = 250_000
  /// From here on what is claimed is compared with what is stored, as Keras does with HDF5 files.
  private static let trustedBytes = 4 << 30

  /// Errors: `too-many-tensors`.
  static func check(tensors count: Int, at path: String) throws(Problem) {
    guard count <= mostTensors else {
      throw Problem(
        "too-many-tensors", at: path, "more than \(mostTensors) tensors", remedy: "split the file")
    }
  }

  /// Errors: `too-many-tensors`; `expansion` when all tensors together have over 4 GiB, and over a
  /// thousand times what is stored: deflated zeros, chunks that were never written, one storage
  /// under many names.
  func checkLimits() throws(Problem) {
    try Self.check(tensors: tensors.count, at: path)
    var claimed = 0
    for tensor in tensors where !tensor.isComputed && !tensor.isTied {
      let (bytes, overflow) = tensor.shape.count.multipliedReportingOverflow(
        by: tensor.type.byteWidth)
      let (sum, overflowing) = claimed.addingReportingOverflow(bytes)
      claimed = overflow || overflowing ? .max : sum
    }
    guard claimed <= Self.trustedBytes || claimed / 1_000 <= bytes else {
      throw Problem(
        "expansion", at: path, "its tensors claim \(claimed) bytes, and its files have \(bytes)",
        remedy: "do not trust this checkpoint")
    }
  }
}
