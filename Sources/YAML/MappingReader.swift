// Reads a mapping key by key and, at the end, refuses the keys that nobody asked for.

public import Diagnostics

/// A mapping being read: ask for every key, then call `finish()`.
public struct MappingReader: Readable {
  /// The text it stands in.
  public let source: Source
  /// Where the mapping begins.
  public let mark: Mark

  private let pairs: [Node.Pair]
  private let positions: [String: Int]
  private var asked: [String] = []
  private var known: Set<String> = []

  /// Begins to read a node that must be a mapping.
  public init(_ node: Node, _ source: Source) throws(Problem) {
    guard let pairs = node.pairs else { throw source.wrongType(node, expected: "a mapping") }
    self.source = source
    self.pairs = pairs
    mark = node.mark
    positions = Dictionary(
      pairs.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Begins to read a node that must be a mapping.
  public static func read(_ node: Node, _ source: Source) throws(Problem) -> MappingReader {
    try MappingReader(node, source)
  }

  /// The keys in the order of the text, for mappings whose keys are names.
  public var keys: [String] { pairs.map(\.key) }

  /// The value of a key that must be there.
  ///
  /// - Throws: `missing-key` at the mapping, or `wrong-type` at the value.
  public mutating func required<Value: Readable>(
    _ key: String, as type: Value.Type = Value.self
  ) throws(Problem) -> Value {
    if let node = take(key) { return try Value.read(node, source) }
    let strangers = keys.prefix(Self.shownKeys).filter { !known.contains($0) }
    let hint = nearest(to: key, among: strangers).map { "; is \"\($0)\" meant as that?" } ?? ""
    throw source.problem(
      "missing-key", at: mark, "the key \"\(key)\" is missing", remedy: "add \(key): …\(hint)")
  }

  /// The value of a key that may be absent or null.
  public mutating func optional<Value: Readable>(
    _ key: String, as type: Value.Type = Value.self
  ) throws(Problem) -> Value? {
    guard let node = take(key), !node.isNull else { return nil }
    return try Value.read(node, source)
  }

  /// The value of a key, or a default when it is absent or null.
  public mutating func optional<Value: Readable>(
    _ key: String, default value: Value
  ) throws(Problem) -> Value {
    try optional(key, as: Value.self) ?? value
  }

  /// Takes note of a key that is allowed and not read here.
  public mutating func ignore(_ key: String) { _ = take(key) }

  /// A problem with the value of a key, at its place (or the mapping's when it is absent).
  public func problem(_ code: String, key: String, _ what: String, remedy: String) -> Problem {
    let place = positions[key].map { pairs[$0].value.mark } ?? mark
    return source.problem(code, at: place, what, remedy: remedy)
  }

  /// Refuses the first key that was never asked for, and names the nearest valid one.
  public func finish() throws(Problem) {
    guard let stranger = pairs.first(where: { !known.contains($0.key) }) else { return }
    let remedy: String
    if let near = nearest(to: stranger.key, among: asked) {
      remedy = "did you mean \"\(near)\"?"
    } else if asked.isEmpty || asked.count > Self.shownKeys {
      remedy = "remove it"
    } else {
      remedy = "remove it; the keys here are \(asked.joined(separator: ", "))"
    }
    throw source.problem(
      "unknown-key", at: stranger.keyMark, "the key \"\(stranger.key)\" is not known here",
      remedy: remedy)
  }

  // More keys than this are no help in a message.
  private static let shownKeys = 40

  private mutating func take(_ key: String) -> Node? {
    if known.insert(key).inserted { asked.append(key) }
    return positions[key].map { pairs[$0].value }
  }
}
