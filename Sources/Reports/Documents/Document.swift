public import Diagnostics
import YAML

/// A YAML document that both this program and people read. It begins with `schema:`.
public protocol Document: Codable, Sendable {
  /// `plasticityd/<kind>/v1`.
  static var schema: String { get }
  /// What a person can do about a file that is not such a document.
  static var remedy: String { get }
}

extension CheckpointReport: Document {
  /// `plasticityd/checkpoint/v1`.
  public static var schema: String { "plasticityd/checkpoint/v1" }
}
extension RunReport: Document {
  /// `plasticityd/run/v1`.
  public static var schema: String { "plasticityd/run/v1" }
}
extension RejectedReport: Document {
  /// `plasticityd/rejected/v1`.
  public static var schema: String { "plasticityd/rejected/v1" }
}
extension AlertReport: Document {
  /// `plasticityd/alert/v1`.
  public static var schema: String { "plasticityd/alert/v1" }
}

extension Document {
  /// Most documents tell of a checkpoint.
  public static var remedy: String {
    "the file was not written by this version; measure the checkpoint again"
  }

  /// The document as UTF-8 YAML.
  ///
  /// - Throws: `report-unwritable` (a defect of ours) when a value has no YAML form.
  public func yaml() throws(Problem) -> [UInt8] {
    do {
      let fields = try DocumentEncoder().encode(self)
      return Node(stating: Self.schema, fields).emitted()
    } catch {
      throw Problem(
        "report-unwritable", at: Self.schema, "\(error)", remedy: "please report this defect",
        kind: .software)
    }
  }

  /// Reads a document of this kind. Fields it does not know are ignored: documents only grow.
  ///
  /// - Throws: a YAML problem, `wrong-schema`, or `wrong-document` naming the field.
  public init(yaml bytes: [UInt8], path: String) throws(Problem) {
    let root = try Node.parse(
      bytes, source: Source(file: path, kind: .data), limits: .document)
    guard case .string(let schema)? = root["schema"]?.scalarValue, schema == Self.schema else {
      throw Problem(
        "wrong-schema", at: path, "expected a document of schema \(Self.schema)",
        remedy: "check that this is the file you mean, and that both sides have one version")
    }
    self = try DocumentDecoder().decode(
      Self.self, from: root, path: path,
      remedy: Self.remedy)
  }
}

extension DocumentDecoder {
  /// Reads JSON, which is YAML, without a schema.
  ///
  /// - Throws: a YAML problem, or `wrong-document` naming the field.
  func decode<T: Decodable>(
    _ type: T.Type, json bytes: [UInt8], path: String
  ) throws(Problem) -> T {
    let root = try Node.parse(
      bytes, source: Source(file: path, kind: .data), limits: .document)
    return try decode(
      type, from: root, path: path, remedy: "check that this is the file you mean")
  }

  fileprivate func decode<T: Decodable>(
    _ type: T.Type, from root: Node, path: String, remedy: String
  ) throws(Problem) -> T {
    let what: String
    do {
      return try decode(type, from: DocumentValue(root))
    } catch let error as DecodingError {
      what = Self.explain(error)
    } catch {
      what = "\(error)"
    }
    throw Problem("wrong-document", at: path, what, remedy: remedy)
  }

  private static func explain(_ error: DecodingError) -> String {
    switch error {
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
      .keyNotFound(_, let context), .dataCorrupted(let context):
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return (path.isEmpty ? "" : "\(path): ") + context.debugDescription
    @unknown default: return "\(error)"
    }
  }
}

extension Node {
  /// A document: the schema first, then the fields.
  fileprivate init(stating schema: String, _ fields: DocumentValue) {
    guard case .mapping(let pairs, _) = fields else {
      self = Node(fields)
      return
    }
    self = .mapping(
      [("schema", .string(schema))]
        + pairs.filter { $0.key != "schema" }.map { ($0.key, Node($0.value)) })
  }

  private init(_ value: DocumentValue) {
    switch value {
    case .null: self = .null
    case .bool(let bool): self = .bool(bool)
    case .integer(let integer): self = .integer(integer)
    case .double(let double): self = .double(double)
    case .string(let string): self = .string(string)
    case .timestamp(let moment): self = .timestamp(moment)
    case .sequence(let elements, let flow):
      let node = Node.sequence(elements.map { Node($0) })
      self = flow ? node.flow : node
    case .mapping(let pairs, let flow):
      let node = Node.mapping(pairs.map { ($0.key, Node($0.value)) })
      self = flow ? node.flow : node
    }
  }
}

extension DocumentValue {
  fileprivate init(_ node: Node) {
    switch node.content {
    case .sequence(let items): self = .sequence(items.map { DocumentValue($0) }, flow: false)
    case .mapping(let pairs):
      self = .mapping(pairs.map { ($0.key, DocumentValue($0.value)) }, flow: false)
    case .scalar(let scalar):
      switch ScalarValue(scalar) {
      case .null: self = .null
      case .bool(let bool): self = .bool(bool)
      case .integer(let integer): self = .integer(integer)
      case .double(let double): self = .double(double)
      case .timestamp(let moment): self = .timestamp(moment)
      case .string(let string), .ambiguous(let string): self = .string(string)
      }
    }
  }
}

/// A moment in UTC, `2026-01-01T00:00:00Z`, that YAML readers take for one.
public struct Moment: Codable, Sendable, Hashable {
  /// ISO 8601 with whole seconds.
  public let text: String

  /// A moment by seconds since 1970-01-01T00:00:00Z (proleptic Gregorian calendar).
  public init(unixSeconds: Int) {
    let day = Int((Double(unixSeconds) / 86_400).rounded(.down))
    let second = unixSeconds - day * 86_400
    let (year, month, dayOfMonth) = Moment.civil(day)
    func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
    let yearText = String(repeating: "0", count: max(0, 4 - String(year).count)) + String(year)
    text =
      "\(yearText)-\(two(month))-\(two(dayOfMonth))T\(two(second / 3600))"
      + ":\(two(second / 60 % 60)):\(two(second % 60))Z"
  }

  /// Reads the text as it stands.
  public init(from decoder: any Decoder) throws {
    text = try decoder.singleValueContainer().decode(String.self)
  }

  /// Writes the text; the document's encoder leaves it without quotes.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }

  // Days since 1970-01-01 to a date (H. Hinnant, "chrono-compatible low-level date algorithms").
  private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
      dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    )
  }
}
