// How each group of parameters gives its gradients: in full, as outer products, or as squared norms
// from inner products between places. Chosen by what each way costs on this network.
internal import Tensors

/// The way of every group of a program.
struct GradientPlan {
  enum Way {
    /// Every gradient is formed.
    case entries
    /// One place: the gradient is an outer product, and its norm the product of two norms.
    case outer(Program.Use)
    /// ‖Σ_t a_t ⊗ b_t‖² = Σ_ts ⟨a_t, a_s⟩⟨b_t, b_s⟩: no gradient is formed for a norm (Rochette,
    /// Manoel and Tramel 2019, for convolutions; summed over the uses of a shared matrix).
    case products([Program.Use])
  }

  /// By group of the program.
  let ways: [Way]
  /// Largest number of places of a group whose way is `products`.
  let places: Int

  init(_ program: Program) {
    ways = program.groups.map { Self.way($0, program) }
    places =
      ways.map { way -> Int in
        guard case .products(let uses) = way else { return 0 }
        return uses.compactMap { Self.factors($0, program)?.places }.max() ?? 0
      }.max() ?? 0
  }

  /// The factors of a use of a shared matrix, when its operator gives them.
  static func factors(_ use: Program.Use, _ program: Program) -> GradientFactors? {
    let operation = program.steps[use.step].operation
    guard operation.exampleStride(use.input) == 0 || program.exampleCount == 1,
      let factored = operation as? any FactoredOperator
    else { return nil }
    return factored.factors(use.input)
  }

  private static func way(_ group: Program.ParameterGroup, _ program: Program) -> Way {
    guard group.prologue.isEmpty, group.parameters.count == 1 else { return .entries }
    let factors = group.uses.compactMap { Self.factors($0, program) }
    guard factors.count == group.uses.count, let first = factors.first else { return .entries }
    // The scratch memory holds one example's factor, and an outer product is read of all at once.
    if factors.count == 1, first.places == 1, !first.picksRows, !first.usesScratch {
      return .outer(group.uses[0])
    }
    // Two uses cannot both have their factors in the scratch memory.
    guard factors.count == 1 || !factors.contains(where: \.usesScratch) else { return .entries }
    let places = factors.reduce(0) { $0 + $1.places }
    let formed = factors.reduce(0.0) { $0 + Cost.ofEntries($1) }
    let paired = factors.reduce(0.0) { $0 + Cost.ofProducts($1, among: places) }
    // Products between places are kept as one matrix.
    return paired < formed && places <= 8_192 ? .products(group.uses) : .entries
  }

  /// Costs of one example and cotangent, in multiply-adds of a large matrix product. The constants are
  /// estimates, not fitted: pairs of places costed 1.6 times as high changed the processor time of
  /// All-CNN-C and ResNet-18 by less than 3 %.
  private enum Cost {
    /// An entry that is written, read again and squared, beyond the product that makes it.
    static let entry = 12.0
    /// A pair of places: two products written, read and multiplied.
    static let pair = 12.0
    /// A product of small matrices, relative to a large one.
    static func inefficiency(_ extent: Int) -> Double { 1 + 24 / Double(extent) }

    static func ofEntries(_ factors: GradientFactors) -> Double {
      let (places, first, second) = (
        Double(factors.places), Double(factors.first), Double(factors.second)
      )
      let made =
        factors.picksRows
        ? places * second : places * first * second * inefficiency(factors.places)
      return made + entry * first * second
    }

    /// - Parameter among: places of all uses: each meets every other one.
    static func ofProducts(_ factors: GradientFactors, among: Int) -> Double {
      let pairs = Double(factors.places) * Double(among) / 2
      let features = factors.picksRows ? factors.second : factors.first + factors.second
      return pairs * Double(features) * inefficiency(factors.places) + pair * 2 * pairs
    }
  }
}
