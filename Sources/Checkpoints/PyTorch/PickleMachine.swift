// An inert interpreter of pickles, protocols 0 to 5 (Python's pickletools.py): a stack, a memo and
// an arena. It imports nothing and calls nothing: REDUCE, BUILD and their kin make opaque nodes
// (reliability.md §1.8). Literal syntax is strict; every resource is limited.
internal import Diagnostics

struct PickleMachine {
  static let mostBytes = 256 << 20
  private static let mostOpcodes = 50_000_000
  private static let deepestStack = 1_000_000
  private static let mostMemos = 10_000_000
  private static let mostNodes = 8_000_000
  /// Lists, dictionaries, objects and decoded texts: each is an allocation of its own.
  private static let mostContainers = 2_000_000
  /// Elements of all containers together, where copies count each time they are made.
  private static let mostElements = 20_000_000
  private static let longestText = 1 << 20

  let graph: PickleGraph
  /// Names of globals in order of first mention.
  private(set) var globals: [String] = []
  private var knownGlobals: [[UInt8]: PickleGraph.Index] = [:]
  private var stack: [PickleGraph.Index] = []
  private var marks: [Int] = []
  /// Nodes by memo key, -1 where nothing was remembered: writers number them from 0.
  private var memo: [PickleGraph.Index] = []
  private var memoCount = 0
  private var elements = 0
  private var at: Int
  /// Whether it failed because the bytes ended.
  private var ranOut = false
  private let path: String

  private init(_ bytes: [UInt8], path: String) {
    graph = PickleGraph(bytes: bytes)
    at = 0
    self.path = path
  }

  /// Runs a pickle from its first byte to STOP. Errors: `bad-pickle`, `pickle-limit`.
  static func run(
    _ bytes: [UInt8], path: String
  ) throws(Problem) -> (root: PickleValue, globals: [String]) {
    guard bytes.count <= mostBytes else {
      throw Problem(
        "pickle-limit", at: path, "\(bytes.count) bytes of pickle",
        remedy: "at most 256 MiB are read")
    }
    var machine = PickleMachine(bytes, path: path)
    try machine.run()
    return (PickleValue(graph: machine.graph, index: machine.graph.root), machine.globals)
  }

  /// Runs the pickle that the bytes begin with. Returns nil when they end before it does.
  static func runFirst(
    _ bytes: [UInt8], path: String
  ) throws(Problem) -> (root: PickleValue, globals: [String], bytes: Int)? {
    var machine = PickleMachine(bytes, path: path)
    do throws(Problem) {
      try machine.execute()
    } catch {
      if machine.ranOut { return nil }
      throw error
    }
    return (
      PickleValue(graph: machine.graph, index: machine.graph.root), machine.globals, machine.at
    )
  }

  func failure(_ what: String) -> Problem {
    Problem(
      "bad-pickle", at: "\(path): byte \(at)", what,
      remedy: "save the checkpoint again; if it was not damaged, do not trust it")
  }

  private func limit(_ what: String) -> Problem {
    Problem(
      "pickle-limit", at: "\(path): byte \(at)", what, remedy: "save plain dictionaries of tensors")
  }

  private mutating func run() throws(Problem) {
    try execute()
    guard at == graph.bytes.count else { throw failure("there is more after STOP") }
  }

  /// Runs to STOP.
  private mutating func execute() throws(Problem) {
    var opcodes = 0
    while true {
      guard at < graph.bytes.count else {
        ranOut = true
        throw failure("it ends without STOP")
      }
      let opcode = graph.bytes[at]
      at += 1
      opcodes += 1
      guard opcodes <= Self.mostOpcodes else {
        throw limit("more than \(Self.mostOpcodes) opcodes")
      }
      if opcode == UInt8(ascii: ".") { break }
      try execute(opcode)
    }
    guard marks.isEmpty, stack.count == 1 else {
      throw failure("it stops with \(stack.count) values on the stack")
    }
    graph.root = stack[0]
  }

  // MARK: Stack, memo and arena

  mutating func push(_ node: PickleGraph.Node) throws(Problem) {
    guard graph.nodes.count < Self.mostNodes else {
      throw limit("more than \(Self.mostNodes) values")
    }
    graph.nodes.append(node)
    try push(index: PickleGraph.Index(graph.nodes.count - 1))
  }

  mutating func push(index: PickleGraph.Index) throws(Problem) {
    guard stack.count < Self.deepestStack else {
      throw limit("more than \(Self.deepestStack) values on the stack")
    }
    stack.append(index)
  }

  mutating func pop() throws(Problem) -> PickleGraph.Index {
    guard stack.count > (marks.last ?? 0), let top = stack.popLast() else {
      throw failure("the stack is empty")
    }
    return top
  }

  func top() throws(Problem) -> PickleGraph.Index {
    guard stack.count > (marks.last ?? 0), let top = stack.last else {
      throw failure("the stack is empty")
    }
    return top
  }

  mutating func pushMark() throws(Problem) {
    guard marks.count < Self.deepestStack else {
      throw limit("more than \(Self.deepestStack) marks")
    }
    marks.append(stack.count)
  }

  /// Everything above the last mark, which goes with it.
  mutating func popToMark() throws(Problem) -> [PickleGraph.Index] {
    guard let mark = marks.popLast() else { throw failure("there is no mark") }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  /// POP removes a mark when that is what lies on top.
  mutating func popAnything() throws(Problem) {
    if let mark = marks.last, mark == stack.count {
      marks.removeLast()
    } else {
      _ = try pop()
    }
  }

  mutating func remember(_ key: Int) throws(Problem) {
    guard key >= 0, key < Self.mostMemos else { throw limit("memo \(key), of \(Self.mostMemos)") }
    if key >= memo.count {
      memo.append(contentsOf: repeatElement(-1, count: key + 1 - memo.count))
    }
    if memo[key] < 0 { memoCount += 1 }
    memo[key] = try top()
  }

  mutating func rememberNext() throws(Problem) { try remember(memoCount) }

  mutating func recall(_ key: Int) throws(Problem) {
    guard memo.indices.contains(key), memo[key] >= 0 else {
      throw failure("memo \(key) was never written")
    }
    try push(index: memo[key])
  }

  /// Checks that one more container may be made.
  private func makeRoom() throws(Problem) {
    let containers =
      graph.lists.count + graph.maps.count + graph.objects.count + graph.decoded.count
    guard containers < Self.mostContainers else {
      throw limit("more than \(Self.mostContainers) containers and calls")
    }
  }

  /// Checks that so many more elements may be held.
  private mutating func makeRoom(elements count: Int) throws(Problem) {
    elements += count
    guard elements <= Self.mostElements else {
      throw limit("more than \(Self.mostElements) elements in its containers")
    }
  }

  mutating func newList(_ elements: [PickleGraph.Index]) throws(Problem) -> PickleGraph.Index {
    try makeRoom()
    try makeRoom(elements: elements.count)
    graph.lists.append(elements)
    return PickleGraph.Index(graph.lists.count - 1)
  }

  mutating func newMap(
    _ entries: [(key: PickleGraph.Index, value: PickleGraph.Index)]
  ) throws(Problem) -> PickleGraph.Index {
    try makeRoom()
    try makeRoom(elements: entries.count)
    graph.maps.append(entries)
    return PickleGraph.Index(graph.maps.count - 1)
  }

  mutating func pushDecoded(_ bytes: [UInt8]) throws(Problem) {
    try makeRoom()
    graph.decoded.append(bytes)
    try push(.decoded(PickleGraph.Index(graph.decoded.count - 1)))
  }

  mutating func pushGlobal(module: [UInt8], name: [UInt8]) throws(Problem) {
    let full = module + [UInt8(ascii: " ")] + name
    if let index = knownGlobals[full] { return try push(.global(index)) }
    try makeRoom()
    graph.decoded.append(full)
    let index = PickleGraph.Index(graph.decoded.count - 1)
    knownGlobals[full] = index
    globals.append(String(decoding: full, as: UTF8.self))
    try push(.global(index))
  }

  /// Pairs key, value, key, value …
  func pairs(
    _ values: [PickleGraph.Index]
  ) throws(Problem) -> [(key: PickleGraph.Index, value: PickleGraph.Index)] {
    guard values.count % 2 == 0 else { throw failure("a key has no value") }
    return stride(from: 0, to: values.count, by: 2).map { (values[$0], values[$0 + 1]) }
  }

  /// APPEND, APPENDS and ADDITEMS: to lists and sets, and to what a call was to make.
  mutating func append(
    _ values: [PickleGraph.Index], to target: PickleGraph.Index
  ) throws(Problem) {
    try makeRoom(elements: values.count)
    switch graph.nodes[Int(target)] {
    case .list(let index), .set(let index): graph.lists[Int(index)].append(contentsOf: values)
    case .object(let index):
      if graph.objects[Int(index)].items < 0 { graph.objects[Int(index)].items = try newList([]) }
      graph.lists[Int(graph.objects[Int(index)].items)].append(contentsOf: values)
    default: throw failure("values are appended to something that is no list")
    }
  }

  /// SETITEM and SETITEMS: on dictionaries, and on what a call was to make.
  mutating func set(_ values: [PickleGraph.Index], on target: PickleGraph.Index) throws(Problem) {
    let entries = try pairs(values)
    try makeRoom(elements: entries.count)
    switch graph.nodes[Int(target)] {
    case .map(let index): graph.maps[Int(index)].append(contentsOf: entries)
    case .object(let index):
      if graph.objects[Int(index)].entries < 0 {
        graph.objects[Int(index)].entries = try newMap([])
      }
      graph.maps[Int(graph.objects[Int(index)].entries)].append(contentsOf: entries)
    default: throw failure("items are set on something that is no dictionary")
    }
  }

  /// REDUCE, NEWOBJ, INST and OBJ: a call, which is never made. The few that only make an empty or
  /// literal container become that container.
  mutating func call(
    _ callee: PickleGraph.Index, _ arguments: PickleGraph.Index
  ) throws(Problem) {
    if case .global(let name) = graph.nodes[Int(callee)],
      case .tuple(let list) = graph.nodes[Int(arguments)]
    {
      let values = graph.lists[Int(list)]
      switch String(decoding: graph.decoded[Int(name)], as: UTF8.self) {
      case "collections OrderedDict", "collections Counter", "builtins dict", "__builtin__ dict":
        if values.isEmpty { return try push(.map(try newMap([]))) }
        if values.count == 1 {
          if case .map(let map) = graph.nodes[Int(values[0])] {
            return try push(.map(try newMap(graph.maps[Int(map)])))
          }
          if let entries = listedPairs(values[0]) { return try push(.map(try newMap(entries))) }
        }
      case "collections defaultdict":
        if values.count <= 1 { return try push(.map(try newMap([]))) }
      case "builtins set", "__builtin__ set", "builtins frozenset", "__builtin__ frozenset",
        "torch Size":
        if values.count == 1 {
          switch graph.nodes[Int(values[0])] {
          case .list(let index), .tuple(let index):
            return try push(.set(try newList(graph.lists[Int(index)])))
          default: break
          }
        }
      default: break
      }
    }
    try makeRoom()
    graph.objects.append(PickleGraph.Object(callee: callee, arguments: arguments))
    try push(.object(PickleGraph.Index(graph.objects.count - 1)))
  }

  /// `[[key, value], …]`, as Python 2 pickled ordered dictionaries.
  private func listedPairs(
    _ index: PickleGraph.Index
  ) -> [(key: PickleGraph.Index, value: PickleGraph.Index)]? {
    guard case .list(let list) = graph.nodes[Int(index)] else { return nil }
    var entries: [(key: PickleGraph.Index, value: PickleGraph.Index)] = []
    for pair in graph.lists[Int(list)] {
      switch graph.nodes[Int(pair)] {
      case .list(let inner), .tuple(let inner):
        guard graph.lists[Int(inner)].count == 2 else { return nil }
        entries.append((graph.lists[Int(inner)][0], graph.lists[Int(inner)][1]))
      default: return nil
      }
    }
    return entries
  }

  mutating func build(_ state: PickleGraph.Index) throws(Problem) {
    switch graph.nodes[Int(try top())] {
    case .object(let index): graph.objects[Int(index)].state = state
    // An ordered dictionary's attributes (torch's `_metadata`) say nothing about tensors.
    case .map, .set, .list: break
    default: throw failure("a state is set on something that has none")
    }
  }

  // MARK: Arguments

  /// The next bytes; their number is checked before anything is read.
  mutating func take(_ count: Int) throws(Problem) -> Range<Int> {
    guard count >= 0, count <= graph.bytes.count - at else {
      ranOut = true
      throw failure("an argument of \(count) bytes runs out of the pickle")
    }
    at += count
    return (at - count)..<at
  }

  /// A little-endian length or number of `width` bytes.
  mutating func takeSize(_ width: Int) throws(Problem) -> Int {
    let range = try take(width)
    guard let size = graph.bytes.size(at: range.lowerBound, width: width) else {
      throw failure("a length beyond 2^63")
    }
    return size
  }

  /// Pushes text or bytes of a given length, without copying them.
  mutating func pushSpan(_ count: Int, isText: Bool) throws(Problem) {
    guard count <= Self.longestText || !isText else {
      throw limit("a string of \(count) bytes")
    }
    let range = try take(count)
    try push(.span(start: Int32(range.lowerBound), count: Int32(count), isText: isText))
  }

  /// A line without its newline.
  mutating func takeLine() throws(Problem) -> ArraySlice<UInt8> {
    guard let end = graph.bytes[at...].prefix(Self.longestText + 1).firstIndex(of: 0x0A) else {
      ranOut = graph.bytes.count - at <= Self.longestText
      throw failure("a line does not end")
    }
    defer { at = end + 1 }
    return graph.bytes[at..<end]
  }

  /// A line that holds a decimal number and nothing else.
  mutating func takeDecimalLine() throws(Problem) -> Int {
    let line = try takeLine()
    let text = String(decoding: line, as: UTF8.self)
    guard line.first != UInt8(ascii: "+"), let value = Int(text) else {
      throw failure("\(text) is not a decimal number")
    }
    return value
  }

  /// Goes back to where a frame begins, once it is known to fit.
  mutating func rewind(to offset: Int) { at = offset }

  func byte(_ offset: Int) -> UInt8 { graph.bytes[offset] }
}
