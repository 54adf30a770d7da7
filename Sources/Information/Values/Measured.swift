// A measurement that may be impossible: a value, or the reason why there is none.

/// A value, or why it could not be measured. Nothing that is not finite is ever `known`.
public enum Measured<Value: Sendable>: Sendable {
  /// The measurement.
  case known(Value)
  /// Why there is none, for people to read.
  case absent(String)

  /// The measurement, nil when absent.
  public var value: Value? {
    if case .known(let value) = self { value } else { nil }
  }

  /// Why there is none, nil when known.
  public var reason: String? {
    if case .absent(let reason) = self { reason } else { nil }
  }

  /// The same with its value changed.
  public func map<Other>(_ change: (Value) -> Other) -> Measured<Other> {
    switch self {
    case .known(let value): .known(change(value))
    case .absent(let reason): .absent(reason)
    }
  }
}

extension Measured: Equatable where Value: Equatable {}

extension Measured where Value == Double {
  /// A number if it is finite, absent with the reason otherwise.
  init(finite value: Double, else reason: String) {
    self = value.isFinite ? .known(value) : .absent(reason)
  }
}
