// Pickles that call, that multiply, and that only some readers can read. The ways to name and call
// something are those by which scanners of pickles were passed by; all are data here (reliability.md
// §1.8).

extension HostileInput {
  private static func pickle(
    _ name: String, _ bytes: [UInt8], _ outcome: Outcome
  ) -> HostileInput {
    HostileInput("pickle-\(name)", ".pt", Zip.torch(bytes).encoded, outcome)
  }

  /// Beside good weights, which are read; the name is remarked.
  private static func beside(_ name: String, _ value: [UInt8]) -> HostileInput {
    pickle(name, Pickle.weights(beside: value), .read(finding: "foreign-global"))
  }

  /// A call of one text.
  private static func call(_ module: String, _ name: String) -> HostileInput {
    beside(
      "call-\(module).\(name)",
      Pickle.call(Pickle.global(module, name), Pickle.tuple(Pickle.text("touch /tmp/executed"))))
  }

  private static let callers: [HostileInput] = [
    ("os", "system"), ("posix", "system"), ("nt", "system"), ("builtins", "exec"),
    ("builtins", "eval"), ("builtins", "__import__"), ("__builtin__", "eval"),
    ("builtins", "getattr"), ("subprocess", "Popen"), ("subprocess", "check_output"),
    ("runpy", "_run_code"), ("pty", "spawn"), ("webbrowser", "open"),
    ("socket", "create_connection"),
    ("urllib.request", "urlopen"), ("operator", "attrgetter"), ("operator", "methodcaller"),
    ("importlib", "import_module"), ("ctypes", "CDLL"), ("shutil", "rmtree"), ("sys", "exit"),
    ("pip._internal", "main"), ("code", "InteractiveInterpreter"), ("bdb", "Bdb"),
    ("timeit", "timeit"), ("asyncio", "run"), ("logging.config", "listen"), ("idlelib", "run"),
    ("numpy.testing._private.utils", "runstring"), ("torch._inductor.codecache", "compile_file"),
    ("torch.serialization", "load"), ("torch.hub", "load"), ("functools", "partial"),
    ("pydoc", "pipepager"), ("cProfile", "run"), ("doctest", "debug_script"),
  ].map(call)

  private static let waysToCall: [HostileInput] = [
    beside(
      "nested",
      {
        let get = Pickle.call(
          Pickle.global("builtins", "getattr"),
          Pickle.tuple(Pickle.global("os", "path"), Pickle.text("system")))
        return Pickle.call(get, Pickle.tuple(Pickle.text("id")))
      }()),
    beside(
      "stack-global",
      Pickle.text("os") + Pickle.text("system") + [0x93] + Pickle.tuple(Pickle.text("id"))
        + Pickle.code("R")),
    beside(
      "stack-global-dotted",
      Pickle.text("torch") + Pickle.text("hub.os.system") + [0x93]
        + Pickle.tuple(Pickle.text("id")) + Pickle.code("R")),
    beside("inst", Pickle.code("(") + Pickle.text("id") + Pickle.code("ios\nsystem\n")),
    beside(
      "obj",
      Pickle.code("(") + Pickle.global("os", "system") + Pickle.text("id") + Pickle.code("o")),
    beside(
      "newobj",
      Pickle.global("os", "system") + Pickle.tuple(Pickle.text("id")) + [0x81]),
    beside(
      "newobj-ex",
      Pickle.global("os", "system") + Pickle.tuple(Pickle.text("id")) + Pickle.code("}") + [0x92]),
    beside(
      "build",
      Pickle.call(Pickle.global("types", "SimpleNamespace"), Pickle.code(")"))
        + Pickle.dictionary([("__setstate__", Pickle.global("os", "system"))]) + Pickle.code("b")),
    beside("ext1", [0x82, 1]),
    beside("ext4", [0x84, 1, 0, 0, 0]),
    beside(
      "global-in-global",
      Pickle.global("os\u{B}", "system")),
    pickle(
      "weights-are-a-call",
      Pickle.whole(
        Pickle.call(Pickle.global("posix", "system"), Pickle.tuple(Pickle.text("id")))),
      .refused("no-state-dict")),
  ]

  private static let malformed: [HostileInput] = [
    pickle(
      "hexadecimal-int", Pickle.weights(beside: Pickle.code("I0x10\n")), .refused("bad-pickle")),
    pickle(
      "underscored-int", Pickle.weights(beside: Pickle.code("I1_0\n")), .refused("bad-pickle")),
    pickle(
      "two-pickles", Pickle.weights(beside: Pickle.code("N")) + Pickle.whole(Pickle.code("N")),
      .refused("bad-pickle")),
    pickle(
      "no-stop", Array(Pickle.weights(beside: Pickle.code("N")).dropLast()),
      .refused("bad-pickle")),
    pickle("protocol-6", [0x80, 6, 0x4E, 0x2E], .refused("bad-pickle")),
    pickle("empty", [], .refused("bad-pickle")),
    pickle(
      "opcode-unknown", Pickle.weights(beside: [0xFF]), .refused("bad-pickle")),
    pickle(
      "out-of-band-buffer", Pickle.weights(beside: [0x97]), .refused("bad-pickle")),
    pickle(
      "set-on-tuple",
      Pickle.weights(beside: Pickle.code(")") + Pickle.text("k") + Pickle.code("Ns")),
      .refused("bad-pickle")),
    pickle(
      "memo-never-written", Pickle.weights(beside: Pickle.code("h") + [99]),
      .refused("bad-pickle")),
  ]

  private static let leaf = Pickle.module(parameters: [("w", Pickle.tensor())])

  /// Each holds the one before twice: 2^40 modules to walk through.
  private static let doublingModules: [UInt8] = {
    var bytes = leaf
    for level in UInt8(0)..<40 {
      let before = Pickle.code("h") + [level]
      bytes += Pickle.code("q") + [level] + Pickle.code("0")
      bytes += Pickle.module(children: [("0", before), ("1", before)])
    }
    return Pickle.whole(bytes)
  }()

  private static let nestedModules: [UInt8] = {
    var bytes = leaf
    for _ in 0..<99 {
      bytes = Pickle.module(children: [("0", bytes)], parameters: [("v", Pickle.tensor())])
    }
    return Pickle.whole(bytes)
  }()

  /// One tensor under more names than a report can list.
  private static let manyNames: [UInt8] = {
    var bytes = Pickle.code("}(") + Pickle.text("0") + Pickle.tensor() + Pickle.code("q") + [0]
    for number in 1...250_000 { bytes += Pickle.text(String(number)) + Pickle.code("h") + [0] }
    return Pickle.whole(bytes + Pickle.code("u"))
  }()

  private static let bombs: [HostileInput] = [
    // Each tuple holds the one before twice: 2^40 values, if one were to walk them.
    pickle(
      "memo-doubling",
      Pickle.weights(
        beside: Pickle.code(")") + [0x94]
          + (0..<40).flatMap { [UInt8(ascii: "h"), UInt8($0), UInt8(ascii: "2"), 0x86, 0x94] }
          + [UInt8](repeating: UInt8(ascii: "0"), count: 0)),
      .read(finding: nil)),
    pickle(
      "marks", Pickle.whole([UInt8](repeating: UInt8(ascii: "("), count: 1_100_000)),
      .refused("pickle-limit")),
    pickle(
      "nested-10^6",
      Pickle.whole(
        [UInt8](repeating: UInt8(ascii: "]"), count: 900_000)
          + [UInt8](repeating: UInt8(ascii: "a"), count: 899_999)),
      .refused("no-state-dict")),
    pickle(
      "deep-dictionaries",
      Pickle.whole(
        (0..<300_000).flatMap { _ in Pickle.code("}U\u{1}a") }
          + Pickle.code("N") + [UInt8](repeating: UInt8(ascii: "s"), count: 300_000)),
      .refused("no-state-dict")),
    pickle("modules-double", doublingModules, .refused("pickle-limit")),
    pickle("modules-nested-99", nestedModules, .refused("pickle-limit")),
    pickle("names-250001", manyNames, .refused("too-many-tensors")),
    pickle(
      "stack", Pickle.whole([UInt8](repeating: UInt8(ascii: "N"), count: 1_100_000)),
      .refused("pickle-limit")),
    // One long list, then copies of it that must each be changed.
    pickle(
      "copies-of-a-map",
      Pickle.whole(
        Pickle.code("}(") + [UInt8](repeating: UInt8(ascii: "N"), count: 400_000)
          + Pickle.code("uq") + [0]
          + (0..<2_000).flatMap { _ in
            Pickle.global("collections", "OrderedDict") + [UInt8(ascii: "h"), 0, 0x85]
              + Pickle.code("RNNs0")
          }), .refused("pickle-limit")),
    pickle(
      "long1-255", Pickle.weights(beside: [0x8A, 255] + [UInt8](repeating: 0x7F, count: 255)),
      .read(finding: nil)),
    pickle(
      "long4-2^31", Pickle.weights(beside: [0x8B, 0xFF, 0xFF, 0xFF, 0x7F]),
      .refused("bad-pickle")),
    pickle(
      "string-2^63", Pickle.weights(beside: [0x8D] + little(1 << 63, 8)), .refused("bad-pickle")),
    pickle(
      "string-2^63-1", Pickle.weights(beside: [0x8D] + little((1 << 63) - 1, 8)),
      .refused("pickle-limit")),
    pickle(
      "bytes-2^63-1", Pickle.weights(beside: [0x8E] + little((1 << 63) - 1, 8)),
      .refused("bad-pickle")),
    pickle(
      "frame-too-long", [0x80, 4, 0x95] + little(1 << 40, 8) + Pickle.code("N."),
      .refused("bad-pickle")),
    pickle(
      "memo-2^32-1", Pickle.weights(beside: Pickle.code("Nr") + little(0xFFFF_FFFF, 4)),
      .refused("pickle-limit")),
    pickle(
      "memo-key-negative", Pickle.weights(beside: Pickle.code("Np-1\n")),
      .refused("pickle-limit")),
  ]

  static let pickleInputs = callers + waysToCall + malformed + bombs
}
