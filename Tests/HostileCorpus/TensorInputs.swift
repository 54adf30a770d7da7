// Tensors that reach beyond their storage (as CVE-2026-24747), or are larger than the file.

extension HostileInput {
  private static func tensor(
    _ name: String, _ tensor: [UInt8], storages: [[UInt8]] = [floats(4)],
    _ outcome: Outcome = .refused("tensor-bounds")
  ) -> HostileInput {
    HostileInput(
      "tensor-\(name)", ".pt",
      Zip.torch(Pickle.whole(Pickle.dictionary([("w", tensor)])), storages: storages).encoded,
      outcome)
  }

  static let tensorInputs: [HostileInput] = [
    tensor("storage-larger-than-record", Pickle.tensor(count: 5)),
    tensor("storage-smaller-than-record", Pickle.tensor(count: 3, shape: [3], strides: [1])),
    tensor("storage-2^62", Pickle.tensor(count: 1 << 62)),
    tensor("storage-negative", Pickle.tensor(count: -4)),
    tensor("offset-beyond", Pickle.tensor(offset: 1)),
    tensor("offset-negative", Pickle.tensor(offset: -1)),
    tensor("offset-2^63-1", Pickle.tensor(offset: .max)),
    tensor("stride-beyond", Pickle.tensor(strides: [3, 1])),
    tensor("stride-negative", Pickle.tensor(offset: 3, strides: [-2, -1])),
    tensor("stride-2^63-1", Pickle.tensor(strides: [.max, 1])),
    tensor("strides-too-few", Pickle.tensor(strides: [1])),
    tensor("stride-0-to-2^40", Pickle.tensor(shape: [1 << 40], strides: [0])),
    tensor("stride-0-to-2^62", Pickle.tensor(shape: [1 << 31, 1 << 31], strides: [0, 0])),
    tensor(
      "shape-wraps",
      Pickle.tensor(
        shape: [4_194_305, 4_194_305, 211_106_198_978_564], strides: [1, 1, 1])),
    tensor("shape-negative", Pickle.tensor(shape: [-2, -2])),
    tensor(
      "shape-65-extents",
      Pickle.tensor(
        shape: [Int64](repeating: 1, count: 65), strides: [Int64](repeating: 1, count: 65))),
    tensor("key-leads-out", Pickle.tensor(key: "../data.pkl"), .notYet("incomplete-archive")),
    tensor("key-absolute", Pickle.tensor(key: "/etc/passwd"), .notYet("incomplete-archive")),
    tensor(
      "type-unknown", Pickle.tensor(storage: "SystemStorage"),
      .refused("no-readable-tensors")),
  ]
}
