// Tree → text: block style for what people read down, one line for what is marked `flow`. Equal
// trees give equal bytes. Whatever stands here reads back the same in libyaml and in PyYAML.

extension Node {
  /// The document as UTF-8 text with a final newline.
  public func emitted() -> [UInt8] {
    var emitter = Emitter()
    emitter.document(self)
    return emitter.out
  }

  /// The document as text with a final newline.
  public var text: String { String(decoding: emitted(), as: UTF8.self) }
}

private struct Emitter {
  var out: [UInt8] = []
  private var lineStart = 0

  // Flow lists are broken after a comma once a line is this long.
  private let lineWidth = 120
  // libyaml and PyYAML take at most 1 024 characters before the colon of an implicit key.
  private let implicitKeyBytes = 1000

  mutating func document(_ node: Node) {
    if isInline(node) {
      inline(node, indent: 2)
      newline()
    } else {
      block(node, indent: 0)
    }
  }

  // Writes whole lines; the cursor stands at column `indent`, for the first line already indented.
  private mutating func block(_ node: Node, indent: Int) {
    switch node.content {
    case .scalar:
      inline(node, indent: indent)
      newline()
    case .sequence(let items):
      for (position, item) in items.enumerated() {
        if position > 0 { spaces(indent) }
        write("- ")
        if isInline(item) {
          inline(item, indent: indent + 2)
          newline()
        } else {
          block(item, indent: indent + 2)
        }
      }
    case .mapping(let pairs):
      for (position, pair) in pairs.enumerated() {
        if position > 0 { spaces(indent) }
        key(pair.key, indent: indent)
        if isInline(pair.value) {
          out.append(UInt8(ascii: " "))
          inline(pair.value, indent: indent + 2)
          newline()
        } else {
          newline()
          spaces(indent + 2)
          block(pair.value, indent: indent + 2)
        }
      }
    }
  }

  private mutating func key(_ key: String, indent: Int) {
    let rendered = quotedIfNeeded(key, inFlow: false)
    if rendered.utf8.count > implicitKeyBytes {
      write("? ")
      write(rendered)
      newline()
      spaces(indent)
    } else {
      write(rendered)
    }
    out.append(UInt8(ascii: ":"))
  }

  private mutating func inline(_ node: Node, indent: Int, inFlow: Bool = false) {
    switch node.content {
    case .scalar(let scalar):
      write(rendered(scalar, inFlow: inFlow))
    case .sequence(let items):
      flow("[", items, "]", indent: indent) { emitter, item in
        emitter.inline(item, indent: indent, inFlow: true)
      }
    case .mapping(let pairs):
      flow("{", pairs, "}", indent: indent) { emitter, pair in
        let key = quotedIfNeeded(pair.key, inFlow: true)
        emitter.write(key.utf8.count > emitter.implicitKeyBytes ? "? " + key : key)
        emitter.write(": ")
        emitter.inline(pair.value, indent: indent, inFlow: true)
      }
    }
  }

  private mutating func flow<Item>(
    _ open: String, _ items: [Item], _ close: String, indent: Int,
    _ body: (inout Emitter, Item) -> Void
  ) {
    write(open)
    for (position, item) in items.enumerated() {
      if position > 0 {
        out.append(UInt8(ascii: ","))
        if out.count - lineStart >= lineWidth {
          newline()
          spaces(indent)
        } else {
          out.append(UInt8(ascii: " "))
        }
      }
      body(&self, item)
    }
    write(close)
  }

  private func isInline(_ node: Node) -> Bool {
    if node.isFlow { return true }
    switch node.content {
    case .scalar: return true
    case .sequence(let items): return items.isEmpty
    case .mapping(let pairs): return pairs.isEmpty
    }
  }

  private func rendered(_ scalar: Node.Scalar, inFlow: Bool) -> String {
    switch ScalarValue(scalar) {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .integer, .double, .timestamp: return scalar.text
    case .string(let text), .ambiguous(let text): return quotedIfNeeded(text, inFlow: inFlow)
    }
  }

  private mutating func write(_ text: String) { out.append(contentsOf: text.utf8) }

  private mutating func spaces(_ count: Int) {
    out.append(contentsOf: repeatElement(UInt8(ascii: " "), count: count))
  }

  private mutating func newline() {
    out.append(UInt8(ascii: "\n"))
    lineStart = out.count
  }
}
