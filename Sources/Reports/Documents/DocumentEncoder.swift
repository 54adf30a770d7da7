// Swift values → document tree, by Codable: fields in the order of their declaration, absent
// optionals left out, dictionary keys sorted. A double that is not finite becomes null.

/// Encodes a document.
struct DocumentEncoder {
  func encode(_ value: some Encodable) throws -> DocumentValue {
    try Self.encode(value, at: [])
  }

  /// Dictionaries and arrays are walked here, because the standard library gives their keys no
  /// order and no type of their own.
  fileprivate static func encode(_ value: any Encodable, at path: [any CodingKey]) throws
    -> DocumentValue
  {
    if let scalars = value as? [String: Quantity] {
      return .mapping(
        try scalars.sorted { $0.key < $1.key }.map { ($0.key, try encode($0.value, at: path)) },
        flow: false)
    }
    if let moment = value as? Moment { return .timestamp(moment.text) }
    let node = Place(flow: value is any FlowStyled)
    try value.encode(to: TreeEncoder(node: node, codingPath: path))
    return node.value
  }

  fileprivate static func scalar(_ value: Double) -> DocumentValue {
    value.isFinite ? .double(value) : .null
  }

  /// A place in the tree that is being filled.
  fileprivate final class Place {
    enum Content {
      case empty
      case value(DocumentValue)
      case mapping([(String, Place)])
      case sequence([Place])
    }
    var content = Content.empty
    let flow: Bool
    init(flow: Bool) { self.flow = flow }

    var value: DocumentValue {
      switch content {
      case .empty: .null
      case .value(let value): value
      case .mapping(let fields): .mapping(fields.map { ($0.0, $0.1.value) }, flow: flow)
      case .sequence(let elements): .sequence(elements.map(\.value), flow: flow)
      }
    }

    // Content is let go of while it grows: two owners would mean a copy for each child.
    func append(_ key: String, _ child: Place) {
      var fields: [(String, Place)] = []
      if case .mapping(let known) = content { fields = known }
      content = .empty
      fields.append((key, child))
      content = .mapping(fields)
    }

    func append(_ child: Place) {
      var elements: [Place] = []
      if case .sequence(let known) = content { elements = known }
      content = .empty
      elements.append(child)
      content = .sequence(elements)
    }
  }

  private struct TreeEncoder: Encoder {
    let node: Place
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
      node.content = .mapping([])
      return KeyedEncodingContainer(Fields<Key>(node: node, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
      node.content = .sequence([])
      return Elements(node: node, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
      Single(node: node, codingPath: codingPath)
    }
  }

  private struct Fields<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: Place
    let codingPath: [any CodingKey]

    mutating func encodeNil(forKey key: Key) throws { add(.null, key) }
    mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
      add(try DocumentEncoder.encode(value, at: codingPath + [key]), key)
    }
    private func add(_ value: DocumentValue, _ key: Key) {
      let child = Place(flow: false)
      child.content = .value(value)
      node.append(documentKey(key), child)
    }
    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key)
      -> KeyedEncodingContainer<Nested>
    {
      let child = Place(flow: false)
      child.content = .mapping([])
      node.append(documentKey(key), child)
      return KeyedEncodingContainer(Fields<Nested>(node: child, codingPath: codingPath + [key]))
    }
    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
      let child = Place(flow: false)
      child.content = .sequence([])
      node.append(documentKey(key), child)
      return Elements(node: child, codingPath: codingPath + [key])
    }
    mutating func superEncoder() -> any Encoder {
      TreeEncoder(node: node, codingPath: codingPath)
    }
    mutating func superEncoder(forKey key: Key) -> any Encoder { superEncoder() }
  }

  private struct Elements: UnkeyedEncodingContainer {
    let node: Place
    let codingPath: [any CodingKey]
    var count: Int { if case .sequence(let elements) = node.content { elements.count } else { 0 } }

    mutating func encodeNil() throws { add(.null) }
    mutating func encode<T: Encodable>(_ value: T) throws {
      add(try DocumentEncoder.encode(value, at: codingPath + [PositionKey(count)]))
    }
    private func add(_ value: DocumentValue) {
      let child = Place(flow: false)
      child.content = .value(value)
      node.append(child)
    }
    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type)
      -> KeyedEncodingContainer<Nested>
    {
      let child = Place(flow: false)
      child.content = .mapping([])
      node.append(child)
      return KeyedEncodingContainer(Fields<Nested>(node: child, codingPath: codingPath))
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
      let child = Place(flow: false)
      child.content = .sequence([])
      node.append(child)
      return Elements(node: child, codingPath: codingPath)
    }
    mutating func superEncoder() -> any Encoder {
      TreeEncoder(node: node, codingPath: codingPath)
    }
  }

  private struct Single: SingleValueEncodingContainer {
    let node: Place
    let codingPath: [any CodingKey]

    mutating func encodeNil() throws { node.content = .value(.null) }
    mutating func encode(_ value: Bool) throws { node.content = .value(.bool(value)) }
    mutating func encode(_ value: String) throws { node.content = .value(.string(value)) }
    mutating func encode(_ value: Double) throws {
      node.content = .value(DocumentEncoder.scalar(value))
    }
    mutating func encode(_ value: Float) throws { try encode(Double(value)) }
    mutating func encode(_ value: Int) throws { node.content = .value(.integer(value)) }
    mutating func encode(_ value: Int8) throws { try encode(Int(value)) }
    mutating func encode(_ value: Int16) throws { try encode(Int(value)) }
    mutating func encode(_ value: Int32) throws { try encode(Int(value)) }
    mutating func encode(_ value: Int64) throws { try encode(Int(value)) }
    mutating func encode(_ value: UInt8) throws { try encode(Int(value)) }
    mutating func encode(_ value: UInt16) throws { try encode(Int(value)) }
    mutating func encode(_ value: UInt32) throws { try encode(Int(value)) }
    mutating func encode(_ value: UInt) throws { try encodeUnsigned(UInt64(value)) }
    mutating func encode(_ value: UInt64) throws { try encodeUnsigned(value) }
    mutating func encode<T: Encodable>(_ value: T) throws {
      node.content = .value(try DocumentEncoder.encode(value, at: codingPath))
    }
    private mutating func encodeUnsigned(_ value: UInt64) throws {
      guard let integer = Int(exactly: value) else {
        throw EncodingError.invalidValue(
          value, .init(codingPath: codingPath, debugDescription: "larger than 2^63 − 1"))
      }
      try encode(integer)
    }
  }
}
