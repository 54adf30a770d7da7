// Building documents: one factory per kind of value; an absent value becomes null.

extension Node {
  /// Nothing.
  public static let null = Node(.scalar(Scalar(text: "null", isPlain: true)))

  /// A string, quoted when it is written if it could be taken for anything else.
  public static func string(_ value: String?) -> Node {
    guard let value else { return null }
    return Node(.scalar(Scalar(text: value, isPlain: false)))
  }

  /// An integer.
  public static func integer(_ value: Int?) -> Node {
    guard let value else { return null }
    return Node(.scalar(Scalar(text: String(value), isPlain: true)))
  }

  /// An unsigned integer, such as a seed.
  public static func integer(_ value: UInt64?) -> Node {
    guard let value else { return null }
    return Node(.scalar(Scalar(text: String(value), isPlain: true)))
  }

  /// `true` or `false`.
  public static func bool(_ value: Bool?) -> Node {
    guard let value else { return null }
    return Node(.scalar(Scalar(text: value ? "true" : "false", isPlain: true)))
  }

  /// A number in the fewest digits that read back as the same bits.
  ///
  /// A number that is not finite becomes null: a safety net, so that no document ever holds a bare
  /// `nan`. Who measures says why there is no number; this is the only place that drops one.
  public static func double(_ value: Double?) -> Node {
    guard let value, value.isFinite else { return null }
    return Node(.scalar(Scalar(text: withPoint(value.description), isPlain: true)))
  }

  /// A single-precision number in the fewest digits that read back as the same single; null when
  /// not finite, as for `double`.
  public static func float(_ value: Float?) -> Node {
    guard let value, value.isFinite else { return null }
    return Node(.scalar(Scalar(text: withPoint(value.description), isPlain: true)))
  }

  /// A moment in UTC as ISO 8601, `2026-01-01T00:00:00Z`, written without quotes so that readers
  /// make a date of it. Any other text is written as a string.
  public static func timestamp(_ value: String?) -> Node {
    guard let value else { return null }
    return Node(.scalar(Scalar(text: value, isPlain: ScalarValue.isTimestamp(value))))
  }

  /// A list.
  public static func sequence(_ items: [Node]) -> Node { Node(.sequence(items)) }

  /// A list of strings.
  public static func strings(_ items: [String]) -> Node {
    Node(.sequence(items.map { .string($0) }))
  }

  /// A list of integers on one line, such as a shape.
  public static func integers(_ items: [Int]) -> Node {
    Node(.sequence(items.map { .integer($0) }), isFlow: true)
  }

  /// A list of numbers on one line, such as an interval.
  public static func doubles(_ items: [Double]) -> Node {
    Node(.sequence(items.map { .double($0) }), isFlow: true)
  }

  /// Keys and values in the order given. The keys must differ: our reader refuses a document that
  /// says one thing twice.
  public static func mapping(_ pairs: [(String, Node)]) -> Node {
    Node(.mapping(pairs.map { Pair(key: $0.0, value: $0.1) }))
  }

  /// The same node, written on one line.
  public var flow: Node { Node(content, mark: mark, isFlow: true) }

  // PyYAML's number needs a point before a signed exponent: to it `1e-05` is a word, `1.0e-05` a
  // number (yaml/resolver.py, tag:yaml.org,2002:float).
  private static func withPoint(_ digits: String) -> String {
    guard !digits.utf8.contains(UInt8(ascii: ".")),
      let exponent = digits.utf8.firstIndex(of: UInt8(ascii: "e"))
    else { return digits }
    return digits[..<exponent] + ".0" + digits[exponent...]
  }
}
