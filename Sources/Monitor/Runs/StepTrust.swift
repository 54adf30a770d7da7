import Reports

/// How far a checkpoint's step can be trusted, by where it was found.
enum StepTrust: Int, Comparable {
  case none, epochs, name, inside

  init(_ row: SeriesRow) {
    switch row.stepSource {
    case nil: self = row.step == nil ? .none : .inside
    case "epoch", "file name (epoch)": self = .epochs
    case "file name": self = .name
    default: self = .inside
    }
  }

  static func < (a: StepTrust, b: StepTrust) -> Bool { a.rawValue < b.rawValue }
}

extension SeriesRow {
  /// Whether the checkpoint itself says that it is of another step than the other is by its own: the same
  /// weights then are two checkpoints, between which nothing has moved. Names may be any copy's.
  func isOfAnotherStep(than other: SeriesRow) -> Bool {
    isSelfDated && other.isSelfDated && step != other.step
  }

  private var isSelfDated: Bool { step != nil && stepSource?.hasPrefix("file name") != true }

  /// Whether it tells the step better than the same content under another name.
  func tellsStep(betterThan other: SeriesRow) -> Bool {
    step != other.step && StepTrust(self) > StepTrust(other)
  }
}
