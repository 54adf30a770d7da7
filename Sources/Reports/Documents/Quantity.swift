/// A number in a report: exact, with a standard error, or absent with the reason.
///
/// In YAML an exact one is a plain scalar, an uncertain one `{value: …, standard_error: …}`, an
/// absent one `{value: null, reason: …}`. A value that is not finite becomes absent: neither NaN
/// nor an infinity ever reaches a document.
public enum Quantity: Sendable, Hashable {
  /// Exact up to floating-point rounding, or without a meaningful error.
  case exact(Double)
  /// An estimate with its standard error, both in the field's unit.
  case estimate(Double, standardError: Double)
  /// Not computable, and why.
  case absent(reason: String)

  /// An exact value; absent when it is not finite or nil.
  public init(_ value: Double?, otherwise reason: String = "not finite") {
    if let value, value.isFinite {
      self = .exact(value)
    } else {
      self = .absent(reason: reason)
    }
  }

  /// A value with its standard error; absent when the value is not finite or nil.
  public init(_ value: Double?, standardError: Double?, otherwise reason: String = "not finite") {
    guard let value, value.isFinite else {
      self = .absent(reason: reason)
      return
    }
    if let standardError, standardError.isFinite {
      self = .estimate(value, standardError: standardError)
    } else {
      self = .exact(value)
    }
  }

  /// Why it is not computable; nil where it is.
  public var reason: String? {
    if case .absent(let reason) = self { reason } else { nil }
  }

  /// The value, if there is one.
  public var value: Double? {
    switch self {
    case .exact(let value), .estimate(let value, _): value
    case .absent: nil
    }
  }

  /// The standard error, if the value is an estimate.
  public var standardError: Double? {
    if case .estimate(_, let standardError) = self { standardError } else { nil }
  }
}

extension Quantity: Codable, FlowStyled {
  private enum Key: String, CodingKey {
    case value
    case standardError
    case reason
  }

  /// Reads any of the three forms.
  public init(from decoder: any Decoder) throws {
    if let plain = try? decoder.singleValueContainer().decode(Double.self) {
      self = .exact(plain)
      return
    }
    let fields = try decoder.container(keyedBy: Key.self)
    if let value = try fields.decodeIfPresent(Double.self, forKey: .value) {
      self = .init(
        value, standardError: try fields.decodeIfPresent(Double.self, forKey: .standardError))
    } else {
      self = .absent(
        reason: try fields.decodeIfPresent(String.self, forKey: .reason) ?? "not given")
    }
  }

  /// Writes the shortest of the three forms that says it all.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .exact(let value):
      var container = encoder.singleValueContainer()
      try container.encode(value)
    case .estimate(let value, let standardError):
      var fields = encoder.container(keyedBy: Key.self)
      try fields.encode(value, forKey: .value)
      try fields.encode(standardError, forKey: .standardError)
    case .absent(let reason):
      var fields = encoder.container(keyedBy: Key.self)
      try fields.encodeNil(forKey: .value)
      try fields.encode(reason, forKey: .reason)
    }
  }
}

/// A type that is written on one line, `{a: 1, b: 2}`, wherever it stands in a document.
public protocol FlowStyled {}

extension Array: FlowStyled where Element: FlowScalar {}

/// A scalar whose arrays are written on one line, `[32, 1, 5]`.
public protocol FlowScalar {}

extension Int: FlowScalar {}
extension Double: FlowScalar {}
extension String: FlowScalar {}
