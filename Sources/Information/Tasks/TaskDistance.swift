// Distances between tasks by their embeddings (measurements.md §8).

/// How far two tasks are apart, as Task2Vec measures it.
public enum TaskDistance {
  /// Weight of the distance to the trivial task in the asymmetric distance; the paper's.
  public static let alpha = 0.15

  /// The cosine distance of F_a/(F_a + F_b) and F_b/(F_a + F_b): 0 for equal embeddings, at most 1.
  ///
  /// A filter that neither task needs is left out. (The Task2Vec code adds 1e-8 to the denominators for
  /// it, which is a scale; ours has none.)
  ///
  /// - Returns: absent when the embeddings differ in number, when one of them is not finite, or when
  ///   a task needs no filter at all.
  public static func symmetric(_ a: [Double], _ b: [Double]) -> Measured<Double> {
    guard a.count == b.count else {
      return .absent("\(a.count) filters against \(b.count)")
    }
    var (product, first, second) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      guard x.isFinite, y.isFinite, x >= 0, y >= 0 else {
        return .absent("a filter's curvature is not finite and positive")
      }
      let sum = x + y
      guard sum > 0 else { continue }
      let (u, v) = (x / sum, y / sum)
      product += u * v
      first += u * u
      second += v * v
    }
    guard first > 0, second > 0 else { return .absent("the loss has no curvature in it") }
    return .known(min(max(1 - product / (first * second).squareRoot(), 0), 1))
  }

  /// The distance to the trivial task, of which only the prior is left: the symmetric distance of
  /// F + β/λ² and β/λ², the precisions of the weights with and without the task, times β. It grows with
  /// the task's complexity.
  public static func fromTrivial(_ layers: [TaskEmbedding.Layer]) -> Measured<Double> {
    var task: [Double] = []
    var trivial: [Double] = []
    for layer in layers {
      guard let prior = layer.trivial else { continue }
      task += layer.filters.map { $0 + prior }
      trivial += layer.filters.map { _ in prior }
    }
    return task.isEmpty
      ? .absent("no layer holds information at the tolerance") : symmetric(task, trivial)
  }

  /// d(a→b) = d(a, b) − α d(a, trivial): a complex task a is a better start than a simple one at the
  /// same distance.
  public static func asymmetric(
    symmetric: Measured<Double>, fromTrivial: Measured<Double>
  ) -> Measured<Double> {
    switch (symmetric, fromTrivial) {
    case (.known(let distance), .known(let complexity)): .known(distance - alpha * complexity)
    case (.absent(let reason), _), (_, .absent(let reason)): .absent(reason)
    }
  }
}
