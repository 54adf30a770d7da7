/// A document's tree between the Swift types and YAML: mappings keep their order.
enum DocumentValue {
  case null
  case bool(Bool)
  case integer(Int)
  case double(Double)
  case string(String)
  case timestamp(String)
  case sequence([DocumentValue], flow: Bool)
  case mapping([(key: String, value: DocumentValue)], flow: Bool)

  var name: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer: "an integer"
    case .double: "a number"
    case .string(let text):
      // As Python's json module writes what is not finite.
      ["NaN", "Infinity", "-Infinity"].contains(text)
        ? "\(text), for which to write null" : "a string"
    case .timestamp: "a moment"
    case .sequence: "a sequence"
    case .mapping: "a mapping"
    }
  }
}

/// `informationBits` ↔ `information_bits`: documents spell fields with underscores. Keys that
/// already hold an underscore are left alone.
func documentKey(_ key: any CodingKey) -> String {
  let name = key.stringValue
  // Most names are one word. Names of fields are ASCII, as Swift source here is.
  var capitals = 0
  for byte in name.utf8 {
    if byte == UInt8(ascii: "_") { return name }
    if isCapital(byte) { capitals += 1 }
  }
  if capitals == 0 { return name }
  return String(unsafeUninitializedCapacity: name.utf8.count + capitals) { spelled in
    var end = 0
    for byte in name.utf8 {
      if isCapital(byte) {
        spelled[end] = UInt8(ascii: "_")
        end += 1
      }
      spelled[end] = isCapital(byte) ? byte | 0x20 : byte
      end += 1
    }
    return end
  }
}

private func isCapital(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
}

/// A name as the document spells it, for error messages.
struct NameKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

/// The position of an element in a sequence, for error messages.
struct PositionKey: CodingKey {
  let position: Int
  var stringValue: String { "[\(position)]" }
  var intValue: Int? { position }
  init(_ position: Int) { self.position = position }
  init?(stringValue: String) { nil }
  init?(intValue: Int) { position = intValue }
}
