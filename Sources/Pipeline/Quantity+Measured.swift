package import Information
package import Reports

extension Quantity {
  /// An exact measurement, or why there is none.
  package init(_ measured: Measured<Double>) {
    switch measured {
    case .known(let value): self.init(value)
    case .absent(let reason): self = .absent(reason: reason)
    }
  }

  /// A measurement with its standard error, or why there is none.
  package init(_ measured: Measured<Uncertain>) {
    switch measured {
    case .known(let uncertain):
      self.init(uncertain.value, standardError: uncertain.standardError)
    case .absent(let reason): self = .absent(reason: reason)
    }
  }
}
