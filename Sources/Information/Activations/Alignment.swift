// Debiased linear CKA between recordings (measurements.md §5.3): Kornblith et al. (2019) with the
// unbiased HSIC of Song et al. (2012).

/// How alike two layers arrange the examples.
public struct Alignment: Sendable, Hashable {
  /// Debiased linear CKA, in [−1, 1]: about zero for unrelated layers, whatever their width.
  public let value: Double
  /// Mean of the same over permutations of the examples: what no relation gives.
  public let nullMean: Double?
  /// What another permutation exceeds with a probability of 5 % at most; nil of fewer than 19.
  public let null95: Double?

  /// Alignment of two recordings of the same examples.
  ///
  /// HSIC is estimated without bias by U-centring: the Gram matrix without its diagonal, less its
  /// row and column means, so that HSIC(K, L) = ⟨K̃, L̃⟩/(N(N−3)) (Székely and Rizzo 2014 show it
  /// to be Song's formula). CKA is ⟨K̃, L̃⟩/√(⟨K̃, K̃⟩⟨L̃, L̃⟩). The biased estimator would be near one
  /// for random features wider than N.
  ///
  /// - Parameters:
  ///   - permutations: of the null; none when zero.
  ///   - seed: belongs to the probe.
  /// - Returns: absent below four examples, and when a layer does not tell the examples apart.
  public static func between(
    _ first: ExampleGram, _ second: ExampleGram, permutations: Int = 19, seed: UInt64 = 0
  ) -> Measured<Alignment> {
    switch (CentredGram.of(first), CentredGram.of(second)) {
    case (.known(let first), .known(let second)):
      first.alignment(with: second, permutations: permutations, seed: seed)
    case (.absent(let reason), _), (_, .absent(let reason)): .absent(reason)
    }
  }
}
