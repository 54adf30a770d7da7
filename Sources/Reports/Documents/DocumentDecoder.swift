// Document tree → Swift values, by Codable: unknown fields are ignored (documents only grow),
// missing ones and wrong types are errors that name the path.

/// Decodes a document.
struct DocumentDecoder {
  func decode<T: Decodable>(_ type: T.Type, from value: DocumentValue) throws -> T {
    try T(from: TreeDecoder(value: value, codingPath: []))
  }

  private struct TreeDecoder: Decoder {
    let value: DocumentValue
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
      guard case .mapping(let fields, _) = value else { throw mismatch("a mapping") }
      return KeyedDecodingContainer(Fields<Key>(fields, codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
      guard case .sequence(let elements, _) = value else { throw mismatch("a sequence") }
      return Elements(elements: elements, codingPath: codingPath)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
      Single(value: value, codingPath: codingPath)
    }

    private func mismatch(_ expected: String) -> DecodingError {
      .typeMismatch(
        DocumentValue.self,
        .init(
          codingPath: codingPath, debugDescription: "expected \(expected), found \(value.name)"))
    }
  }

  private struct Fields<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let values: [String: DocumentValue]
    let codingPath: [any CodingKey]
    let allKeys: [Key]

    init(_ fields: [(key: String, value: DocumentValue)], _ codingPath: [any CodingKey]) {
      values = Dictionary(
        fields.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
      allKeys = fields.compactMap { Key(stringValue: $0.key) }
      self.codingPath = codingPath
    }

    private func find(_ key: Key) -> (name: String, value: DocumentValue)? {
      // Dictionary keys arrive as themselves, field names respelled.
      let own = key.stringValue
      if let value = values[own] { return (own, value) }
      let name = documentKey(key)
      return values[name].map { (name, $0) }
    }
    private func require(_ key: Key) throws -> TreeDecoder {
      guard let (name, value) = find(key) else {
        throw DecodingError.keyNotFound(
          key,
          .init(codingPath: codingPath, debugDescription: "no field \"\(documentKey(key))\""))
      }
      return TreeDecoder(value: value, codingPath: codingPath + [NameKey(stringValue: name)])
    }
    func contains(_ key: Key) -> Bool { find(key) != nil }
    func decodeNil(forKey key: Key) throws -> Bool {
      if case .null? = find(key)?.value { true } else { false }
    }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
      try T(from: try require(key))
    }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws
      -> KeyedDecodingContainer<Nested>
    {
      try require(key).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
      try require(key).unkeyedContainer()
    }
    func superDecoder() throws -> any Decoder {
      TreeDecoder(value: .null, codingPath: codingPath)
    }
    func superDecoder(forKey key: Key) throws -> any Decoder { try require(key) }
  }

  private struct Elements: UnkeyedDecodingContainer {
    let elements: [DocumentValue]
    let codingPath: [any CodingKey]
    var currentIndex = 0
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    init(elements: [DocumentValue], codingPath: [any CodingKey]) {
      self.elements = elements
      self.codingPath = codingPath
    }

    private mutating func next() throws -> TreeDecoder {
      guard !isAtEnd else {
        throw DecodingError.valueNotFound(
          DocumentValue.self,
          .init(
            codingPath: codingPath, debugDescription: "the sequence has \(elements.count) elements")
        )
      }
      defer { currentIndex += 1 }
      return TreeDecoder(
        value: elements[currentIndex], codingPath: codingPath + [PositionKey(currentIndex)])
    }
    mutating func decodeNil() throws -> Bool {
      guard !isAtEnd, case .null = elements[currentIndex] else { return false }
      currentIndex += 1
      return true
    }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try T(from: try next()) }
    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws
      -> KeyedDecodingContainer<Nested>
    { try next().container(keyedBy: type) }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
      try next().unkeyedContainer()
    }
    mutating func superDecoder() throws -> any Decoder { try next() }
  }

  private struct Single: SingleValueDecodingContainer {
    let value: DocumentValue
    let codingPath: [any CodingKey]

    func decodeNil() -> Bool { if case .null = value { true } else { false } }
    func decode(_ type: Bool.Type) throws -> Bool {
      guard case .bool(let bool) = value else { throw mismatch("a boolean") }
      return bool
    }
    func decode(_ type: String.Type) throws -> String {
      switch value {
      case .string(let string), .timestamp(let string): return string
      default: throw mismatch("a string")
      }
    }
    func decode(_ type: Double.Type) throws -> Double {
      switch value {
      case .double(let double): return double
      case .integer(let integer): return Double(integer)
      default: throw mismatch("a number")
      }
    }
    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try integer() }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
    func decode(_ type: UInt.Type) throws -> UInt { try integer() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }
    func decode<T: Decodable>(_ type: T.Type) throws -> T {
      try T(from: TreeDecoder(value: value, codingPath: codingPath))
    }

    private func integer<T: FixedWidthInteger>() throws -> T {
      guard case .integer(let integer) = value, let exact = T(exactly: integer) else {
        throw mismatch("an integer")
      }
      return exact
    }
    private func mismatch(_ expected: String) -> DecodingError {
      .typeMismatch(
        DocumentValue.self,
        .init(
          codingPath: codingPath, debugDescription: "expected \(expected), found \(value.name)"))
    }
  }
}
