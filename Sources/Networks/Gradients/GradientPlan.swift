// How each group of parameters gives its gradients: in full, as outer products, or as squared norms
// from inner products between places. Chosen by what each way costs on this network.
internal import Tensors

/// Which way to a matrix's squared norms is taken: one may be asked for, to time or to test it.
package enum NormChoice: String, Sendable, CaseIterable {
  case cheapest, entries, products, tiles
}

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
    /// The gradient of a filter bank from transformed tiles: no gradient is kept for a norm.
    case tiles(Program.Use)
  }

  /// By group of the program.
  let ways: [Way]
  /// Largest number of places of a group whose way is `products`.
  let places: Int

  /// - Parameter choice: taken where the way exists.
  init(_ program: Program, _ choice: NormChoice) {
    ways = program.groups.map { Self.way($0, program, choice) }
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

  private static func way(
    _ group: Program.ParameterGroup, _ program: Program, _ choice: NormChoice
  ) -> Way {
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
    let formed = factors.reduce(0.0) { $0 + NormCosts.ofEntries($1) }
    // Products between places are kept as one matrix.
    let paired =
      places <= 8_192
      ? factors.reduce(0.0) { $0 + NormCosts.ofProducts($1, among: places) } : .infinity
    let tiled = factors.count == 1 ? NormCosts.ofTiles(first) : .infinity
    let ways: [(NormChoice, Double, Way)] = [
      (.entries, formed, .entries), (.products, paired, .products(group.uses)),
      (.tiles, tiled, .tiles(group.uses[0])),
    ].filter { $0.1.isFinite }
    let wanted = ways.first { $0.0 == choice } ?? ways.min { $0.1 < $1.1 }
    return wanted?.2 ?? .entries
  }
}
