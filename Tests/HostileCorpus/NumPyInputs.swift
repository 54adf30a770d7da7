// Batches of probes: headers that are Python, shapes that lie, archives that expand
// (reliability.md §1.10).

extension HostileInput {
  /// An array of `.npy` with this header.
  static func npy(_ header: String, data: Int = 16, version: UInt8 = 1) -> [UInt8] {
    let text = Array(header.utf8) + Array("\n".utf8)
    return [0x93] + Array("NUMPY".utf8) + [version, 0]
      + little(UInt64(text.count), version == 1 ? 2 : 4) + text
      + [UInt8](repeating: 0, count: data)
  }

  private static func header(
    _ shape: String, type: String = "'<f4'", order: String = "False"
  ) -> String {
    "{'descr': \(type), 'fortran_order': \(order), 'shape': (\(shape)), }"
  }

  private static func batch(
    _ name: String, _ records: [Zip.Record], _ code: String
  ) -> HostileInput {
    HostileInput(
      "npz-\(name)", files: [("probe/batch.npz", .bytes(Zip(records).encoded))],
      checkpoint: "probe", isProbe: true, .refused(code))
  }

  private static func array(
    _ name: String, _ header: String, data: Int = 16, version: UInt8 = 1, _ code: String = "bad-npy"
  ) -> HostileInput {
    batch(name, [Zip.Record("input.npy", npy(header, data: data, version: version))], code)
  }

  static let numPyInputs: [HostileInput] = [
    array("header-imports", "__import__('os').system('id')"),
    array("header-calls", header("__import__('os').system('id'),")),
    array("header-10001", header("4," + String(repeating: " ", count: 10_000))),
    array("header-nested-10^5", String(repeating: "(", count: 30_000)),
    array("header-nested-shape", header(String(repeating: "(", count: 5_000))),
    array("header-adds", header("2+2,")),
    array("shape-without-comma", header("4")),
    array("shape-octal", header("004,")),
    array(
      "header-key-twice",
      "{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, "
        + "'shape': (4,), }"),
    array("header-key-missing", "{'descr': '<f4', 'shape': (4,), }"),
    array("header-key-extra", "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), 'x': 1}"),
    array("type-object", header("4,", type: "'|O'"), "unsupported-npy"),
    array("type-structured", header("4,", type: "[('a', '<f4')]"), "unsupported-npy"),
    array("type-unicode", header("4,", type: "'<U4'"), "unsupported-npy"),
    array("type-escapes", header("4,", type: "'<\\x66\\x34'")),
    array("shape-negative", header("-4,")),
    array("shape-true", header("True,")),
    array("shape-2^63", header("9223372036854775808,")),
    array("shape-wraps", header("4194305, 4194305, 211106198978564")),
    array("shape-2^40", header("1099511627776,"), "too-large"),
    array("shape-too-small", header("3,")),
    array("shape-too-large", header("5,"), "incomplete-npy"),
    array("order-1", header("4,", order: "1")),
    array("version-9", header("4,"), version: 9),
    batch("not-an-array", [Zip.Record("input.txt", Array("x".utf8))], "bad-npy"),
    batch(
      "pickle-in-npy", [Zip.Record("input.npy", Pickle.whole(Pickle.global("os", "system")))],
      "bad-npy"),
    batch(
      "twice",
      [Zip.Record("input.npy", npy(header("4,"))), Zip.Record("INPUT.npy", npy(header("4,")))],
      "ambiguous-zip"),
    // 32 MiB of zeros behind a header that promises 16 bytes.
    batch(
      "bomb-behind-header", [.deflated("input.npy", npy(header("4,"), data: 32 << 20))],
      "bad-npy"),
    {
      var record = Zip.Record.deflated("input.npy", npy(header("4,"), data: 1 << 20))
      record.bytes = UInt64(npy(header("4,")).count)
      return batch("bomb-behind-size", [record], "bad-deflate")
    }(),
    {
      // It claims 4 GiB less one byte, and holds nothing of it.
      let array = npy(header("1073741000,"), data: 0)
      var record = Zip.Record.deflated("input.npy", array)
      record.bytes = UInt64(array.count) + 4_294_964_000
      return batch("claims-4GiB", [record], "expansion")
    }(),
    {
      var record = Zip.Record.deflated("input.npy", npy(header("4,")))
      record.data = [UInt8](record.data.prefix(20))
      return batch("deflate-cut", [record], "bad-npy")
    }(),
    {
      var record = Zip.Record("input.npy", [UInt8](repeating: 0xFF, count: 200))
      record.method = 8
      return batch("deflate-garbage", [record], "bad-deflate")
    }(),
  ]
}
