// The opcodes of the inert pickle interpreter, in the order of Python's pickletools.py families.
internal import Diagnostics

extension PickleMachine {
  mutating func execute(_ opcode: UInt8) throws(Problem) {
    switch opcode {
    // Protocol and framing: frames only say how to buffer.
    case 0x80:
      let version = try takeSize(1)
      guard version <= 5 else { throw failure("pickle protocol \(version) is newer than 5") }
    case 0x95: try frame()
    // Constants.
    case UInt8(ascii: "N"): try push(.none)
    case 0x88: try push(.bool(true))
    case 0x89: try push(.bool(false))
    case UInt8(ascii: "K"): try push(.int(try takeSize(1)))
    case UInt8(ascii: "M"): try push(.int(try takeSize(2)))
    case UInt8(ascii: "J"):
      try push(.int(Int(Int32(truncatingIfNeeded: try takeSize(4)))))
    case 0x8A: try long(bytes: try takeSize(1))
    case 0x8B: try long(bytes: try takeSize(4))
    case UInt8(ascii: "I"): try integerLine()
    case UInt8(ascii: "L"): try longLine()
    case UInt8(ascii: "F"):
      let text = String(decoding: try takeLine(), as: UTF8.self)
      guard let value = Double(text), !text.contains(where: { "xXpP".contains($0) }) else {
        throw failure("\(text) is not a decimal number")
      }
      try push(.float(value))
    case UInt8(ascii: "G"):
      let range = try take(8)
      let bits = range.reduce(UInt64(0)) { $0 << 8 | UInt64(byte($1)) }
      try push(.float(Double(bitPattern: bits)))
    // Text and bytes.
    case UInt8(ascii: "X"): try pushSpan(try takeSize(4), isText: true)
    case 0x8C: try pushSpan(try takeSize(1), isText: true)
    case 0x8D: try pushSpan(try takeSize(8), isText: true)
    case UInt8(ascii: "U"): try pushSpan(try takeSize(1), isText: true)
    case UInt8(ascii: "T"): try pushSpan(try takeSize(4), isText: true)
    case UInt8(ascii: "B"): try pushSpan(try takeSize(4), isText: false)
    case UInt8(ascii: "C"): try pushSpan(try takeSize(1), isText: false)
    case 0x8E, 0x96: try pushSpan(try takeSize(8), isText: false)
    case UInt8(ascii: "S"): try quotedLine()
    case UInt8(ascii: "V"): try unicodeLine()
    case 0x97, 0x98: throw failure("it needs buffers from outside, which a file does not have")
    // Containers.
    case UInt8(ascii: "("): try pushMark()
    case UInt8(ascii: "]"): try push(.list(try newList([])))
    case UInt8(ascii: "}"): try push(.map(try newMap([])))
    case UInt8(ascii: ")"): try push(.tuple(try newList([])))
    case 0x8F: try push(.set(try newList([])))
    case UInt8(ascii: "l"): try push(.list(try newList(try popToMark())))
    case UInt8(ascii: "t"): try push(.tuple(try newList(try popToMark())))
    case 0x91: try push(.set(try newList(try popToMark())))
    case UInt8(ascii: "d"): try push(.map(try newMap(try pairs(try popToMark()))))
    case 0x85, 0x86, 0x87: try shortTuple(Int(opcode) - 0x84)
    case UInt8(ascii: "a"):
      let value = try pop()
      try append([value], to: try top())
    case UInt8(ascii: "e"), 0x90:
      let values = try popToMark()
      try append(values, to: try top())
    case UInt8(ascii: "s"):
      let value = try pop()
      let key = try pop()
      try set([key, value], on: try top())
    case UInt8(ascii: "u"):
      let values = try popToMark()
      try set(values, on: try top())
    // Stack and memo.
    case UInt8(ascii: "0"): try popAnything()
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "2"): try push(index: try top())
    case UInt8(ascii: "p"): try remember(try takeDecimalLine())
    case UInt8(ascii: "q"): try remember(try takeSize(1))
    case UInt8(ascii: "r"): try remember(try takeSize(4))
    case 0x94: try rememberNext()
    case UInt8(ascii: "g"): try recall(try takeDecimalLine())
    case UInt8(ascii: "h"): try recall(try takeSize(1))
    case UInt8(ascii: "j"): try recall(try takeSize(4))
    default: try executeCall(opcode)
    }
  }

  /// What would import, call or look outside in Python, and only leaves a note here.
  private mutating func executeCall(_ opcode: UInt8) throws(Problem) {
    switch opcode {
    case UInt8(ascii: "c"):
      let module = Array(try takeLine())
      try pushGlobal(module: module, name: Array(try takeLine()))
    case 0x93:
      let name = try pop()
      let module = try pop()
      guard let moduleText = text(module), let nameText = text(name) else {
        throw failure("the name of a global is no string")
      }
      try pushGlobal(module: moduleText, name: nameText)
    case 0x82, 0x83, 0x84:
      let code = try takeSize(1 << (Int(opcode) - 0x82))
      try pushGlobal(module: Array("extension".utf8), name: Array("\(code)".utf8))
    case UInt8(ascii: "R"), 0x81:
      let arguments = try pop()
      try call(try pop(), arguments)
    case 0x92:
      // Keyword arguments of NEWOBJ_EX: an object that no tensor is made by.
      _ = try pop()
      let arguments = try pop()
      try call(try pop(), arguments)
    case UInt8(ascii: "i"):
      let module = Array(try takeLine())
      let name = Array(try takeLine())
      let values = try popToMark()
      try pushGlobal(module: module, name: name)
      let callee = try pop()
      try push(.tuple(try newList(values)))
      try call(callee, try pop())
    case UInt8(ascii: "o"):
      let values = try popToMark()
      guard let callee = values.first else { throw failure("OBJ without a class") }
      try push(.tuple(try newList(Array(values.dropFirst()))))
      try call(callee, try pop())
    case UInt8(ascii: "b"):
      let state = try pop()
      try build(state)
    case UInt8(ascii: "P"):
      try pushDecoded(Array(try takeLine()))
      try push(.persistent(try pop()))
    case UInt8(ascii: "Q"): try push(.persistent(try pop()))
    default: throw failure("\(opcode) is no pickle opcode")
    }
  }

  private func text(_ index: PickleGraph.Index) -> [UInt8]? {
    let value = PickleValue(graph: graph, index: index)
    return value.text == nil ? nil : value.rawText
  }

  private mutating func frame() throws(Problem) {
    let count = try takeSize(8)
    let range = try take(count)
    rewind(to: range.lowerBound)
  }

  private mutating func shortTuple(_ count: Int) throws(Problem) {
    var values: [PickleGraph.Index] = []
    for _ in 0..<count { values.append(try pop()) }
    try push(.tuple(try newList(values.reversed())))
  }

  /// A little-endian two's-complement number of any length.
  private mutating func long(bytes count: Int) throws(Problem) {
    let range = try take(count)
    guard count <= 8 else { return try push(.largeInt) }
    guard count > 0 else { return try push(.int(0)) }
    var value: Int = byte(range.upperBound - 1) >= 0x80 ? -1 : 0
    for offset in range.reversed() { value = value << 8 | Int(byte(offset)) }
    try push(.int(value))
  }

  /// Protocol 0: `I00` and `I01` are false and true; decimal only (Python's base 0 also takes
  /// `0x10`, other readers do not).
  private mutating func integerLine() throws(Problem) {
    let line = Array(try takeLine())
    if line == Array("00".utf8) { return try push(.bool(false)) }
    if line == Array("01".utf8) { return try push(.bool(true)) }
    try push(decimal: line)
  }

  private mutating func longLine() throws(Problem) {
    var line = Array(try takeLine())
    if line.last == UInt8(ascii: "L") { line.removeLast() }
    try push(decimal: line)
  }

  private mutating func push(decimal line: [UInt8]) throws(Problem) {
    let digits = line.first == UInt8(ascii: "-") ? line.dropFirst() : line[...]
    guard !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
      throw failure("\(String(decoding: line, as: UTF8.self)) is not a decimal number")
    }
    if let value = Int(String(decoding: line, as: UTF8.self)) {
      try push(.int(value))
    } else {
      try push(.largeInt)
    }
  }

  /// STRING: a Python literal in quotes; only the escapes that `repr` writes.
  private mutating func quotedLine() throws(Problem) {
    let line = Array(try takeLine())
    guard line.count >= 2, let quote = line.first, quote == line.last,
      quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
    else { throw failure("a string without quotes") }
    var text: [UInt8] = []
    var i = 1
    while i < line.count - 1 {
      guard line[i] == UInt8(ascii: "\\") else {
        guard line[i] != quote else { throw failure("a quote inside a string") }
        text.append(line[i])
        i += 1
        continue
      }
      let escaped = line[i + 1]
      i += 2
      guard i <= line.count - 1 else { throw failure("an unfinished escape in a string") }
      switch escaped {
      case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): text.append(escaped)
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "x"):
        guard i + 2 <= line.count - 1, let code = hexadecimal(line[i..<(i + 2)]) else {
          throw failure("an unknown escape in a string")
        }
        text.append(UInt8(truncatingIfNeeded: code))
        i += 2
      default: throw failure("an unknown escape in a string")
      }
    }
    try pushDecoded(text)
  }

  /// UNICODE: Latin-1 bytes with `\uXXXX` and `\UXXXXXXXX` escapes (raw-unicode-escape).
  private mutating func unicodeLine() throws(Problem) {
    let line = Array(try takeLine())
    var text = String.UnicodeScalarView()
    var i = 0
    while i < line.count {
      let isEscape =
        line[i] == UInt8(ascii: "\\") && i + 1 < line.count
        && (line[i + 1] == UInt8(ascii: "u") || line[i + 1] == UInt8(ascii: "U"))
      guard isEscape else {
        text.append(Unicode.Scalar(line[i]))
        i += 1
        continue
      }
      let digits = line[i + 1] == UInt8(ascii: "u") ? 4 : 8
      guard i + 2 + digits <= line.count, let code = hexadecimal(line[(i + 2)..<(i + 2 + digits)])
      else { throw failure("an unfinished escape in a string") }
      text.append(Unicode.Scalar(code) ?? "\u{FFFD}")
      i += 2 + digits
    }
    try pushDecoded(Array(String(text).utf8))
  }

  private func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt32? {
    var value: UInt32 = 0
    for digit in digits {
      guard let nibble = Character(Unicode.Scalar(digit)).hexDigitValue else { return nil }
      value = value << 4 | UInt32(nibble)
    }
    return value
  }
}
