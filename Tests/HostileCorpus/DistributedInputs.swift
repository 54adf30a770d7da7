// Distributed checkpoints of torch whose `.metadata` names other files, or pieces that do not tile
// their tensor (reliability.md §1.13): PyTorch's own reader unpickles it with full power, and joins its
// paths unchecked.

/// One piece of a tensor of four elements, as `.metadata` has it.
private struct Piece {
  var path = "__0_0.distcp"
  var offset: Int64 = 0
  var length: Int64?
  var start: Int64 = 0
  var count: Int64 = 4
}

extension HostileInput {
  private static let module = "torch.distributed.checkpoint.metadata"

  private static func object(_ module: String, _ name: String, _ state: [(String, [UInt8])])
    -> [UInt8]
  {
    Pickle.global(module, name) + Pickle.code(")") + [0x81] + Pickle.dictionary(state)
      + Pickle.code("b")
  }

  /// A folder with one data file, and metadata that describes it.
  private static func distributed(
    _ name: String, _ pieces: [Piece], shape: Int64 = 4, planner: [UInt8] = Pickle.code("}"),
    names: [String] = ["w"], more: [(path: String, content: Content)] = [], _ outcome: Outcome
  ) -> HostileInput {
    let data = Zip.torch(Pickle.whole(Pickle.tensor(shape: [4], strides: [1]))).encoded
    var chunks = Pickle.code("](")
    var stored = Pickle.code("}(")
    for piece in pieces {
      let start = Pickle.tuple(Pickle.int(piece.start))
      chunks += object(
        module, "ChunkStorageMetadata",
        [("offsets", start), ("sizes", Pickle.tuple(Pickle.int(piece.count)))])
      stored += object(
        module, "MetadataIndex",
        [("fqn", Pickle.text("w")), ("offset", start), ("index", Pickle.int(0))])
      stored += object(
        "torch.distributed.checkpoint.filesystem", "_StorageInfo",
        [
          ("relative_path", Pickle.text(piece.path)), ("offset", Pickle.int(piece.offset)),
          ("length", Pickle.int(piece.length ?? Int64(data.count))),
        ])
    }
    let tensor = object(
      module, "TensorStorageMetadata",
      [
        ("properties", Pickle.code("N")), ("size", Pickle.tuple(Pickle.int(shape))),
        ("chunks", chunks + Pickle.code("e")),
      ])
    let metadata = Pickle.whole(
      object(
        module, "Metadata",
        [
          ("state_dict_metadata", Pickle.dictionary(names.map { ($0, tensor) })),
          ("planner_data", planner),
          ("storage_data", stored + Pickle.code("u")),
        ]))
    return HostileInput(
      "distributed-\(name)",
      files: [
        ("step_1/__0_0.distcp", .bytes(data)), ("step_1/.metadata", .bytes(metadata)),
      ] + more, checkpoint: "step_1", outcome)
  }

  static let distributedInputs: [HostileInput] = [
    distributed("good", [Piece()], .read(finding: nil)),
    distributed(
      "path-leads-out", [Piece(path: "../../../../../etc/passwd", length: 64)],
      .refused("bad-metadata")),
    distributed("path-absolute", [Piece(path: "/etc/passwd")], .refused("bad-metadata")),
    distributed("path-is-parent", [Piece(path: "..")], .refused("bad-metadata")),
    distributed("path-is-metadata", [Piece(path: ".metadata")], .refused("bad-metadata")),
    distributed(
      "path-is-a-link", [Piece(path: "link.distcp")],
      more: [("step_1/link.distcp", .link("/etc/passwd"))], .refused("not-a-regular-file")),
    distributed("path-missing", [Piece(path: "__1_0.distcp")], .notYet("incomplete-distributed")),
    distributed("offset-negative", [Piece(offset: -1)], .refused("bad-metadata")),
    distributed("offset-2^63-1", [Piece(offset: .max)], .notYet("incomplete-distributed")),
    distributed("length-2^63-1", [Piece(length: .max)], .notYet("incomplete-distributed")),
    distributed("length-0", [Piece(length: 0)], .notYet("incomplete-zip")),
    distributed("shape-negative", [Piece()], shape: -4, .refused("bad-metadata")),
    distributed("shape-2^62", [Piece()], shape: 1 << 62, .refused("bad-pieces")),
    distributed("pieces-too-few", [Piece()], shape: 5, .refused("bad-pieces")),
    distributed("piece-outside", [Piece(start: 1)], .refused("bad-pieces")),
    distributed("piece-beyond-2^63", [Piece(start: .max)], .refused("bad-pieces")),
    distributed("piece-wraps", [Piece(start: 1, count: .max)], .refused("bad-pieces")),
    distributed("pieces-overlap", [Piece(), Piece(start: 0)], .refused("bad-metadata")),
    distributed("pieces-none", [], .refused("bad-pieces")),
    distributed("piece-empty", [Piece(count: 0)], .refused("bad-pieces")),
    distributed("shape-2^63-1", [Piece()], shape: .max, .refused("bad-pieces")),
    distributed(
      "path-with-nul", [Piece(path: "__0_0.distcp\0")], .notYet("incomplete-distributed")),
    distributed("name-twice", [Piece()], names: ["w", "w"], .refused("bad-metadata")),
    distributed("path-empty", [Piece(path: "")], .refused("bad-metadata")),
    // Nothing of it is called or imported.
    distributed(
      "calls", [Piece()],
      planner: Pickle.call(Pickle.global("posix", "system"), Pickle.tuple(Pickle.text("id"))),
      .read(finding: nil)),
    HostileInput(
      "distributed-metadata-is-a-call",
      files: [
        (
          "step_1/.metadata",
          .bytes(
            Pickle.whole(
              Pickle.call(Pickle.global("posix", "system"), Pickle.tuple(Pickle.text("id")))))
        ), ("step_1/__0_0.distcp", .bytes([1])),
      ], checkpoint: "step_1", .refused("bad-metadata")),
  ]
}
