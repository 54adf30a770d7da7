// A YAML document as a tree: scalars, sequences and mappings, each with its place in the text.
// What a scalar means (number, word, nothing) is asked of it explicitly: see ScalarValue, Readable.

/// A node of a YAML document, read from a text or built to be written.
public struct Node: Sendable {
  /// The three kinds of node (YAML 1.2.2 §3.2.1.1).
  public enum Content: Sendable {
    /// A leaf.
    case scalar(Scalar)
    /// A list.
    case sequence([Node])
    /// Keys and values in the order of the text.
    case mapping([Pair])
  }

  /// A key and its value.
  public struct Pair: Sendable {
    /// The key's text.
    public let key: String
    /// Where the key stands.
    public let keyMark: Mark
    /// The value.
    public let value: Node

    /// Creates a pair; a key that was not read has no mark.
    public init(key: String, keyMark: Mark = .none, value: Node) {
      self.key = key
      self.keyMark = keyMark
      self.value = value
    }
  }

  /// A leaf's text and whether it stood without quotes; a quoted text is always a string.
  public struct Scalar: Sendable, Hashable {
    /// The text, without quotes and escapes.
    public let text: String
    /// Written without quotes (and not as a block of text): may mean a number, a bool or nothing.
    public let isPlain: Bool

    /// Creates a scalar.
    public init(text: String, isPlain: Bool) {
      self.text = text
      self.isPlain = isPlain
    }
  }

  /// What the node holds.
  public let content: Content
  /// Where it begins; `.none` when it was built.
  public let mark: Mark
  /// Written on one line, `{a: 1}` and `[1, 2]`, with everything in it.
  public let isFlow: Bool

  /// Creates a node.
  public init(_ content: Content, mark: Mark = .none, isFlow: Bool = false) {
    self.content = content
    self.mark = mark
    self.isFlow = isFlow
  }

  /// The value of the first pair with this key, when the node is a mapping that has it.
  public subscript(key: String) -> Node? {
    guard case .mapping(let pairs) = content else { return nil }
    return pairs.first { $0.key == key }?.value
  }

  /// The items, when the node is a sequence.
  public var items: [Node]? {
    if case .sequence(let items) = content { return items }
    return nil
  }

  /// The pairs, when the node is a mapping.
  public var pairs: [Pair]? {
    if case .mapping(let pairs) = content { return pairs }
    return nil
  }

  /// What the node's scalar means, when it is a scalar.
  public var scalarValue: ScalarValue? {
    if case .scalar(let scalar) = content { return ScalarValue(scalar) }
    return nil
  }

  /// Nothing: `null`, `~` or an empty value.
  public var isNull: Bool { scalarValue == .null }
}

extension Node: Equatable {
  /// The same tree of the same values; marks and layout do not count, the bytes of every text do
  /// (Swift's own comparison of strings would take two spellings of an accent for one).
  public static func == (left: Node, right: Node) -> Bool {
    switch (left.content, right.content) {
    case (.scalar(let a), .scalar(let b)):
      return ScalarValue(a) == ScalarValue(b)
    case (.sequence(let a), .sequence(let b)):
      return a == b
    case (.mapping(let a), .mapping(let b)):
      return a.count == b.count
        && zip(a, b).allSatisfy { $0.key.utf8.elementsEqual($1.key.utf8) && $0.value == $1.value }
    default: return false
    }
  }
}
