// Pickles execute nothing, cannot exhaust the reader, and tensors cannot leave their storage
// (reliability.md).
import Diagnostics
import Foundation
import Tensors
import Testing

@testable import Checkpoints

@Suite struct PickleTests {
  private static let w = Pickled.tensor(count: 4, shape: [2, 2], strides: [2, 1])

  private func open(_ zip: ZipBuilder) throws -> Checkpoint {
    let folder = try TemporaryFolder()
    return try Checkpoint.open(try folder.write(zip.bytes, as: "x.pt"))
  }

  private func refusal(_ zip: ZipBuilder) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.write(zip.bytes, as: "x.pt")
    do {
      _ = try Checkpoint.open(path)
      return "accepted"
    } catch { return folder.short(error) }
  }

  /// Runs bare opcodes.
  private func run(_ opcodes: [UInt8]) throws -> PickleValue {
    try PickleMachine.run(opcodes, path: "p").root
  }

  private func failure(_ opcodes: [UInt8]) -> String {
    do {
      _ = try run(opcodes)
      return "accepted"
    } catch { return "\(error)" }
  }

  // MARK: Nothing runs

  @Test(arguments: [
    ("os", "system"), ("posix", "system"), ("builtins", "exec"), ("builtins", "eval"),
    ("subprocess", "Popen"), ("torch.hub", "load"), ("operator", "methodcaller"),
  ]) func callsAreDataAndRemarked(module: String, name: String) throws {
    let folder = try TemporaryFolder()
    let mark = "\(folder.path)/executed"
    let call = Pickled.reduce(.global(module, name), .tuple([.text("touch \(mark)")]))
    let zip = ZipBuilder.torch(.dict([("hook", call), ("model", .dict([("w", Self.w)]))]))
    let checkpoint = try Checkpoint.open(try folder.write(zip.bytes, as: "x.pt"))
    #expect(checkpoint.tensors.map(\.name) == ["w"])
    #expect(
      checkpoint.findings.map(folder.short) == [
        "foreign-global: x.pt: the pickle mentions \(module) \(name); nothing of it was imported or"
          + " called"
      ])
    #expect(!FileManager.default.fileExists(atPath: mark))
  }

  @Test func everyWayToNameAndCallIsInert() throws {
    let shell = Array("cos\nsystem\n".utf8)
    let argument = Pickled.text("id").opcodes
    let tuple = Array("(".utf8) + argument + Array("t".utf8)
    let stackGlobal = Pickled.text("os").opcodes + Pickled.text("system.x").opcodes + [0x93]
    let ways: [[UInt8]] = [
      shell + tuple + Array("R".utf8),
      shell + tuple + [0x81],
      shell + tuple + Array("}".utf8) + [0x92],
      stackGlobal + tuple + Array("R".utf8),
      Array("(".utf8) + argument + Array("ios\nsystem\n".utf8),
      Array("(".utf8) + shell + argument + Array("o".utf8),
      [0x82, 7] + tuple + Array("R".utf8),
      shell + tuple + Array("R".utf8) + Array("}b".utf8),
    ]
    for way in ways {
      let (root, globals) = try PickleMachine.run([0x80, 4] + way + Array(".".utf8), path: "p")
      #expect(root.call != nil)
      #expect(globals.count == 1)
      let graph = Pickled.dict([("x", .raw(way)), ("w", Self.w)])
      let checkpoint = try open(.torch(graph))
      #expect(checkpoint.findings.first?.code == "foreign-global")
      #expect(checkpoint.tensors.count == 1)
    }
    // Persistent ids in text are names of nothing.
    #expect(try run(Array("Pos.system\n.".utf8)).persistentID?.text == "os.system")
  }

  @Test func manyForeignNamesAreCounted() throws {
    let calls = (0..<30).map { ("k\($0)", Pickled.global("m", "n\($0)")) }
    let checkpoint = try open(.torch(.dict([("meta", .dict(calls)), ("w", Self.w)])))
    #expect(checkpoint.findings.count == 21)
    #expect(checkpoint.findings.last?.text == "the pickle mentions 10 more names")
  }

  // MARK: Literals

  @Test func literalsOfAllProtocols() throws {
    #expect(try run(Array("I-17\n.".utf8)).int == -17)
    #expect(try run(Array("I01\n.".utf8)).bool == true)
    #expect(try run(Array("L99L\n.".utf8)).int == 99)
    #expect(try run(Array("F-2.5e3\n.".utf8)).double == -2_500)
    #expect(try run(Array("S'a\\'\\x41\\n'\n.".utf8)).text == "a'A\n")
    #expect(try run(Array("Vx\\u00e9\\U0001F600\n.".utf8)).text == "xé😀")
    #expect(try run(Array("K\u{7}.".utf8)).int == 7)
    #expect(try run([0x4D, 0x01, 0x02, 0x2E]).int == 513)
    #expect(try run([0x4A, 0xFE, 0xFF, 0xFF, 0xFF, 0x2E]).int == -2)
    #expect(try run([0x8A, 2, 0x00, 0xFF, 0x2E]).int == -256)
    #expect(try run([0x8A, 0, 0x2E]).int == 0)
    #expect(try run([0x8A, 9] + [UInt8](repeating: 1, count: 9) + [0x2E]).int == nil)
    #expect(try run([0x80, 4, 0x95] + little(4, 8) + [0x8C, 1, 0x61, 0x94, 0x2E]).text == "a")
    #expect(try run([0x80, 5, 0x96] + little(2, 8) + [1, 2, 0x2E]).rawText == [1, 2])
    #expect(try run(Array("(I1\nI2\nl.".utf8)).elements?.compactMap(\.int) == [1, 2])
    #expect(try run(Array("(S'k'\nI2\nd.".utf8))["k"]?.int == 2)
    #expect(try run(Array("]p0\nI5\nag0\n0.".utf8)).elements?.compactMap(\.int) == [5])
  }

  @Test(arguments: [
    ("I0x10\n.", "bad-pickle: p: byte 6: 0x10 is not a decimal number"),
    ("I 1\n.", "bad-pickle: p: byte 4:  1 is not a decimal number"),
    ("I1_0\n.", "bad-pickle: p: byte 5: 1_0 is not a decimal number"),
    ("F0x1p3\n.", "bad-pickle: p: byte 7: 0x1p3 is not a decimal number"),
    ("S'a\n.", "bad-pickle: p: byte 4: a string without quotes"),
    ("S'a'b'\n.", "bad-pickle: p: byte 7: a quote inside a string"),
    ("S'\\'\n.", "bad-pickle: p: byte 5: an unfinished escape in a string"),
    ("S'\\q'\n.", "bad-pickle: p: byte 6: an unknown escape in a string"),
    ("g5\n.", "bad-pickle: p: byte 3: memo 5 was never written"),
    ("p5\n.", "bad-pickle: p: byte 3: the stack is empty"),
    (".", "bad-pickle: p: byte 1: it stops with 0 values on the stack"),
    ("NN.", "bad-pickle: p: byte 3: it stops with 2 values on the stack"),
    ("N.N", "bad-pickle: p: byte 2: there is more after STOP"),
    ("N", "bad-pickle: p: byte 1: it ends without STOP"),
    ("t.", "bad-pickle: p: byte 1: there is no mark"),
    ("(Nu.", "bad-pickle: p: byte 3: the stack is empty"),
    ("}(Nu.", "bad-pickle: p: byte 4: a key has no value"),
    ("N(NNu.", "bad-pickle: p: byte 5: items are set on something that is no dictionary"),
    ("NNa.", "bad-pickle: p: byte 3: values are appended to something that is no list"),
    ("NNb.", "bad-pickle: p: byte 3: a state is set on something that has none"),
    ("NN\u{1}.", "bad-pickle: p: byte 3: 1 is no pickle opcode"),
    ("U\u{9}ab.", "bad-pickle: p: byte 2: an argument of 9 bytes runs out of the pickle"),
    ("cos\nsystem", "bad-pickle: p: byte 4: a line does not end"),
    ("(o.", "bad-pickle: p: byte 2: OBJ without a class"),
  ]) func malformedPicklesAreRefused(pickle: String, message: String) {
    #expect(
      failure(Array(pickle.utf8)) == message
        + "; save the checkpoint again; if it was not damaged, do not trust it")
  }

  @Test func newerProtocolsAndOutsideBuffersAreRefused() {
    #expect(failure([0x80, 6, 0x4E, 0x2E]).contains("pickle protocol 6 is newer than 5"))
    #expect(failure([0x97, 0x2E]).contains("it needs buffers from outside"))
    #expect(failure([0x4E, 0x4E, 0x93, 0x2E]).contains("the name of a global is no string"))
  }

  // MARK: Bombs

  @Test func resourcesAreLimited() {
    let huge = little(UInt64.max, 8)
    #expect(failure([0x8D] + huge + [0x2E]).contains("a length beyond 2^63"))
    #expect(failure([0x8E] + little(1 << 62, 8) + [0x2E]).contains("runs out of the pickle"))
    #expect(failure([0x8B] + little(0xFFFF_FFFF, 4) + [0x2E]).contains("runs out of the pickle"))
    #expect(failure([0x95] + little(1 << 40, 8) + [0x4E, 0x2E]).contains("runs out of the pickle"))
    #expect(
      failure(Array("Nr".utf8) + little(0xFFFF_FFFF, 4) + Array(".".utf8))
        == "pickle-limit: p: byte 6: memo 4294967295, of 10000000; "
        + "save plain dictionaries of tensors")
    let text = [0x58] + little((1 << 20) + 1, 4) + [UInt8](repeating: 97, count: (1 << 20) + 1)
    #expect(failure(text + [0x2E]).hasPrefix("pickle-limit: p: byte 5: a string of 1048577 bytes"))
    let marks = [UInt8](repeating: UInt8(ascii: "("), count: 1_000_001)
    #expect(failure(marks + [0x2E]).hasPrefix("pickle-limit: p: byte 1000001: more than 1000000"))
    let stack = [UInt8](repeating: UInt8(ascii: "N"), count: 1_000_001)
    #expect(failure(stack + [0x2E]).hasPrefix("pickle-limit: p: byte 1000001: more than 1000000"))
  }

  @Test func sharingAndNestingCostNothing() throws {
    // Each list holds the one before twice: 2^200 elements if copied.
    var doubling = Array("]q\u{0}0".utf8)
    for level in 1...200 {
      doubling += Array("]q".utf8) + [UInt8(level)] + Array("(h".utf8) + [UInt8(level - 1)]
      doubling += Array("h".utf8) + [UInt8(level - 1)] + Array("e0".utf8)
    }
    let doubled = Pickled.raw(doubling + Array("h".utf8) + [200])
    #expect(try open(.torch(.dict([("x", doubled), ("w", Self.w)]))).tensors.count == 1)
    // 300 000 lists inside each other, and a dictionary that contains itself.
    let deep = Pickled.raw(
      [UInt8](repeating: UInt8(ascii: "]"), count: 300_000)
        + [UInt8](repeating: UInt8(ascii: "a"), count: 299_999))
    #expect(try open(.torch(.dict([("x", deep), ("w", Self.w)]))).tensors.count == 1)
    let cycle = Pickled.raw(
      Array("}q\u{1}".utf8) + Pickled.text("model").opcodes + Array("h\u{1}s".utf8)
        + Pickled.text("w").opcodes + Self.w.opcodes + Array("s".utf8))
    #expect(try open(.torch(cycle)).tensors.map(\.name) == ["w"])
  }

  @Test func modulesInsideThemselvesEnd() throws {
    let module = Array("cx\nM\n)\u{81}q\u{1}}(".utf8)
    let parameters = Pickled.dict([("w", Self.w)])
    let body =
      Pickled.text("_parameters").opcodes + parameters.opcodes + Pickled.text("_modules").opcodes
      + Array("}".utf8) + Pickled.text("self").opcodes + Array("h\u{1}s".utf8)
    // 0x81 (NEWOBJ) is not UTF-8: put in by hand.
    let opening = module.split(separator: 0xC2, omittingEmptySubsequences: false).flatMap { $0 }
    let checkpoint = try open(.torch(.raw(opening + body + Array("ub".utf8))))
    #expect(checkpoint.tensors.map(\.name) == ["w"])
  }

  // MARK: Tensors

  private func bounds(_ tensor: Pickled, _ storages: [(String, [UInt8])]? = nil) throws -> String {
    let root = Pickled.dict([("w", tensor)])
    return try refusal(storages.map { .torch(root, storages: $0) } ?? .torch(root))
  }

  @Test func viewsStayInTheirStorage() throws {
    let remedy = "save the checkpoint again; if it was not damaged, do not trust it"
    func leaves(_ shape: [Int], _ strides: [Int], _ offset: Int) -> String {
      "tensor-bounds: x.pt: tensor \"w\": shape \(shape), strides \(strides) and offset \(offset)"
        + " leave its storage; \(remedy)"
    }
    let cases: [([Int], [Int], Int)] = [
      ([5], [1], 0), ([4], [1], 1), ([2, 2], [3, 2], 0), ([2], [-1], 1), ([1], [1], -1),
      ([2], [Int.max], 1), ([2, 2], [Int.max, Int.max], 0), ([1 << 40], [0], 0), ([2], [1, 1], 0),
      ([1], [1], 4), ([], [], 4),
    ]
    for (shape, strides, offset) in cases {
      let tensor = Pickled.tensor(count: 4, offset: offset, shape: shape, strides: strides)
      #expect(try bounds(tensor) == leaves(shape, strides, offset))
    }
    let accepted: [([Int], [Int], Int)] = [
      ([4], [1], 0), ([2, 2], [1, 2], 0), ([1_000, 4], [0, 1], 0), ([], [], 3), ([0], [9], 99),
      ([1], [9], 3),
    ]
    for (shape, strides, offset) in accepted {
      let tensor = Pickled.tensor(count: 4, offset: offset, shape: shape, strides: strides)
      #expect(try bounds(tensor) == "accepted")
    }
  }

  @Test func storagesHaveTheirRecordsSize() throws {
    let remedy = "save the checkpoint again; if it was not damaged, do not trust it"
    let tensor = Pickled.tensor(count: 5, shape: [4], strides: [1])
    #expect(
      try bounds(tensor) == "tensor-bounds: x.pt: tensor \"w\": its storage claims 5 × 4 bytes, "
        + "and the record has 16; \(remedy)")
    let vast = Pickled.tensor(count: 1 << 62, shape: [4], strides: [1])
    #expect(
      try bounds(vast) == "tensor-bounds: x.pt: tensor \"w\": its storage claims \(1 << 62) × 4 "
        + "bytes, and the record has 16; \(remedy)")
    let outside = Pickled.tensor(key: "../x", count: 4, shape: [4], strides: [1])
    #expect(
      try bounds(outside).hasPrefix("incomplete-archive: x.pt: record a/data/../x is missing"))
    let overflowing = Pickled.tensor(
      count: 4, shape: [4_194_305, 4_194_305, 211_106_198_978_564], strides: [0, 0, 0])
    #expect(
      try bounds(overflowing) == "tensor-bounds: x.pt: tensor \"w\": its shape [4194305, 4194305, "
        + "211106198978564] has too many elements; \(remedy)")
    let rank = Pickled.tensor(
      count: 4, shape: [Int](repeating: 1, count: 65), strides: [Int](repeating: 1, count: 65))
    #expect(try bounds(rank).contains("has too many elements"))
    let shapeless = Pickled.reduce(
      .global("torch._utils", "_rebuild_tensor_v2"), .tuple([.none, .int(0), .none, .none]))
    #expect(
      try bounds(shapeless) == "tensor-bounds: x.pt: tensor \"w\": its description is not one that "
        + "torch writes; \(remedy)")
  }

  @Test func unreadableKindsAreRemarkedAndSkipped() throws {
    let sparse = Pickled.reduce(.global("torch._utils", "_rebuild_sparse_tensor"), .tuple([]))
    let complex = Pickled.tensor(
      storage: "ComplexFloatStorage", count: 2, shape: [2], strides: [1])
    let checkpoint = try open(
      .torch(.dict([("s", sparse), ("c", complex), ("w", Self.w)])))
    #expect(checkpoint.tensors.map(\.name) == ["w"])
    #expect(
      checkpoint.findings.map(\.description) == [
        "unsupported-dtype: s: it is made by torch._utils _rebuild_sparse_tensor; the other"
          + " tensors are",
        "unsupported-dtype: c: its type torch ComplexFloatStorage is not read; the other tensors"
          + " are",
      ])
  }

  /// A lazily negated or conjugated tensor keeps that beside its elements (torch.serialization).
  @Test(arguments: ["neg", "conj"]) func lazyViewsAreNotReadAsTheyLie(bit: String) throws {
    guard case .reduce(let rebuild, .tuple(let arguments)) = Self.w else { return }
    let lazy = Pickled.reduce(rebuild, .tuple(arguments + [.dict([(bit, .raw([0x88]))])]))
    let checkpoint = try open(.torch(.dict([("lazy", lazy), ("w", Self.w)])))
    #expect(checkpoint.tensors.map(\.name) == ["w"])
    #expect(checkpoint.findings.count == 1)
    #expect(checkpoint.findings[0].description.contains("save tensor.resolve_\(bit)()"))
  }

  @Test func aTransposedViewIsAParameterOfItsOwn() throws {
    func view(_ strides: [Int]) -> Pickled { .tensor(count: 4, shape: [2, 2], strides: strides) }
    let checkpoint = try open(
      .torch(.dict([("w", view([2, 1])), ("same", view([2, 1])), ("turned", view([1, 2]))])))
    #expect(checkpoint.tensors.map(\.sharedWith) == [nil, "w", "w"])
    #expect(checkpoint.tensors.map(\.isTied) == [false, true, false])
    #expect(checkpoint.parameters.map(\.name) == ["w", "turned"])
  }

  /// Each numbers its parameters from 0: which is whose cannot be told.
  @Test func severalOptimizersAreRemarked() throws {
    let one = Pickled.dict([
      ("state", .dict([])), ("param_groups", .list([.dict([("params", .list([.int(0)]))])])),
    ])
    for optimizers in [Pickled.list([one, one]), .dict([("a", one), ("b", one)])] {
      let checkpoint = try open(
        .torch(.dict([("w", Self.w), ("optimizer_states", optimizers)])))
      #expect(checkpoint.findings.map(\.code) == ["no-moments"])
      #expect(checkpoint.findings[0].description.contains("2 optimizers"))
    }
  }

  @Test func bigEndianStoragesAreTurned() throws {
    var zip = ZipBuilder.torch(
      .dict([
        ("f", .tensor(count: 2, shape: [2], strides: [1])),
        ("h", .tensor(key: "1", storage: "ShortStorage", count: 2, shape: [2], strides: [1])),
        ("d", .tensor(key: "2", storage: "DoubleStorage", count: 1, shape: [1], strides: [1])),
      ]),
      storages: [
        ("0", [0x3F, 0x80, 0, 0, 0xC0, 0, 0, 0]), ("1", [0x01, 0x02, 0xFF, 0xFE]),
        ("2", [0x40, 0x04, 0, 0, 0, 0, 0, 0]),
      ])
    zip.entries[1].data = Array("big".utf8)
    let folder = try TemporaryFolder()
    let checkpoint = try Checkpoint.open(try folder.write(zip.bytes, as: "x.pt"))
    let values = try checkpoint.tensors.map { try checkpoint.read($0).values }
    #expect(values == [[1, -2], [258, -2], [2.5]])
    // The digest is of little-endian content, the checksum of the bytes as they stand.
    #expect(try checkpoint.survey().findings == [])
    zip.entries[1].data = Array("middle".utf8)
    #expect(
      try refusal(zip)
        == "bad-byteorder: x.pt: record a/byteorder: it says neither little nor big; "
        + "save the checkpoint again")
  }

  @Test func namesAreUniqueInADictionary() throws {
    #expect(
      try refusal(.torch(.dict([("w", Self.w), ("w", Self.w)])))
        == "duplicate-name: x.pt: tensor \"w\": two have this name; "
        + "save the checkpoint again; if it was not damaged, do not trust it")
    let surrogate = Pickled.raw([0x58, 3, 0, 0, 0, 0xED, 0xA0, 0x80])
    let dict = Pickled.raw(Array("}".utf8) + surrogate.opcodes + Self.w.opcodes + Array("s".utf8))
    let checkpoint = try open(.torch(dict))
    #expect(checkpoint.findings.map(\.code) == ["name-not-utf8"])
  }

  /// Weights on one level with more numbers than there are of them; of vectors alone, such as a generator's
  /// state beside a schedule's, nothing says that they are weights.
  @Test(arguments: [[2, 2], [4]]) func numbersBesideWeights(shape: [Int]) throws {
    let strides = shape.count == 2 ? [2, 1] : [1]
    let tensor = Pickled.tensor(
      key: "0", storage: "FloatStorage", count: 4, shape: shape, strides: strides)
    let numbers = ["epoch", "best", "seed"].map { ($0, Pickled.int(1)) }
    let zip = ZipBuilder.torch(
      .dict([("fc.weight", tensor)] + numbers), storages: [("0", floats(1, 2, 3, 4))])
    if shape.count == 2 {
      #expect(try open(zip).tensors.map(\.name) == ["fc.weight"])
    } else {
      #expect(try refusal(zip).hasPrefix("no-state-dict: "))
    }
  }

  @Test func programsAndOtherArchivesAreRefusedByName() throws {
    var script = ZipBuilder.torch(.dict([("w", Self.w)]))
    script.entries.append(.init("a/constants.pkl", []))
    #expect(
      try refusal(script) == "unsupported-torchscript: x.pt: this is a TorchScript program; "
        + "save the module's state_dict() with torch.save")
    #expect(
      try refusal(ZipBuilder(entries: [.init("hello", [])]))
        == "unsupported-zip: x.pt: this archive is not one of torch.save's; "
        + "save the checkpoint with torch.save or safetensors")
    #expect(
      try refusal(.torch(.dict([("epoch", .int(1))])))
        == "no-state-dict: x.pt: no dictionary in it holds tensors by name; "
        + "save model.state_dict(), for example under the key \"model_state_dict\"")
    let groups = Pickled.list([.dict([("lr", .float(0.1)), ("params", .list([.int(0)]))])])
    let moments = Pickled.dict([("exp_avg", Self.w), ("exp_avg_sq", Self.w)])
    #expect(
      try refusal(.torch(.dict([("state", .dict([("0", moments)])), ("param_groups", groups)])))
        .hasPrefix("no-state-dict: x.pt: it holds an optimizer's state and no weights; "))
  }

  /// Masks that torch.nn.utils.prune keeps beside weights, and what torch's quantization observes, are no weights; a
  /// mask that stands alone may be learned.
  @Test func masksAndObserversAreNoParameters() throws {
    let matrix = Pickled.tensor(count: 4, shape: [2, 2], strides: [2, 1])
    let names = [
      "0.weight_orig", "0.weight_mask", "gate.mask", "attention_mask", "1.weight_fake_quant.scale",
      "1.activation_post_process.min_val", "1.weight",
    ]
    let checkpoint = try open(.torch(.dict(names.map { ($0, matrix) })))
    #expect(
      checkpoint.tensors.filter { !$0.isBuffer }.map(\.name) == [
        "0.weight_orig", "gate.mask", "attention_mask", "1.weight",
      ])
  }

  /// What torch's spectral_norm keeps beside a weight is state; weight_norm's two are parameters.
  @Test func singularVectorsAreNoParameters() throws {
    let vector = Pickled.tensor(count: 4, shape: [2], strides: [1])
    let checkpoint = try open(
      .torch(
        .dict([
          ("a.parametrizations.weight.original", Self.w),
          ("a.parametrizations.weight.0._u", vector),
          ("a.parametrizations.weight.0._v", vector), ("b.weight_orig", Self.w),
          ("b.weight_u", vector), ("b.weight_v", vector), ("c.weight_g", vector),
          ("c.weight_v", Self.w), ("d._u", vector),
        ])))
    #expect(
      checkpoint.tensors.filter { !$0.isBuffer }.map(\.name) == [
        "a.parametrizations.weight.original", "b.weight_orig", "c.weight_g", "c.weight_v", "d._u",
      ])
  }

  @Test func theChoiceOfWeightsIsReported() throws {
    let small = Pickled.dict([("w", Self.w)])
    let checkpoint = try open(
      .torch(.dict([("ema", small), ("model", small), ("extra", small), ("v", Self.w)])))
    #expect(checkpoint.stateDictPath == "model")
    #expect(
      checkpoint.findings.map(\.text) == [
        "the weights are taken from model; there are tensors in ema, extra too"
      ])
    let beside = try open(.torch(.dict([("w", Self.w), ("ema", small)])))
    #expect(beside.stateDictPath == "")
    let nested = try open(.torch(.dict([("state", .dict([("model", small)]))])))
    #expect(nested.stateDictPath == "state.model")
  }
}
