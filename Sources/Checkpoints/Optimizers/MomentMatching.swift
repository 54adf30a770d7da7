// Which moments belong to which parameter. An optimizer knows parameters by index only, in the
// order of its groups; each group keeps the model's order. A match is taken when exactly one
// assignment fits all shapes, and refused otherwise.
internal import Tensors

struct MomentMatching {
  /// Names and shapes of the parameters in the model's order.
  let parameters: [(name: String, shape: Shape)]
  /// Shapes of the moments by group and position; nil where the optimizer has none yet.
  let groups: [[Shape?]]
  /// Weight decay by group, where it is known.
  let weightDecays: [Double?]

  enum Result {
    /// Parameter indices by group and position, and how they were told apart.
    case matched([[Int]], how: String)
    case refused(String)
  }

  /// How many states are walked at most, each of which is so many places: their memory is bounded too.
  static func mostStates(ofPlaces count: Int) -> Int { min(200_000, (1 << 22) / max(count, 1)) }

  func match() -> Result {
    let slots = groups.reduce(0) { $0 + $1.count }
    guard slots > 0 else { return .refused("the optimizer lists no parameters") }
    guard slots <= parameters.count else {
      return .refused("it has \(slots) parameters, and the checkpoint \(parameters.count)")
    }
    switch countAssignments() {
    case .none: return .refused("the shapes of its moments do not fit the parameters in any order")
    case .one(let assignment): return .matched(assignment, how: "shapes")
    case .several: break
    }
    // Several orders fit: the two rules by which trainers split off what is not decayed decide,
    // when they do not contradict each other.
    var found: [(assignment: [[Int]], rule: String)] = []
    for (rule, isDecayed) in Self.rules {
      guard slots == parameters.count, let assignment = assignment(by: isDecayed) else { continue }
      if !found.contains(where: { $0.assignment == assignment }) {
        found.append((assignment, rule))
      }
    }
    if slots == parameters.count, let (assignment, rule) = assignmentByClass() {
      found.append((assignment, rule))
    }
    guard found.count == 1 else {
      return .refused("several orders of the parameters fit the shapes of its moments")
    }
    return .matched(found[0].assignment, how: found[0].rule)
  }

  // MARK: By shape alone

  private enum Count {
    case none, several
    case one([[Int]])
  }

  /// Walks the parameters in order; each goes to the next place of some group, or to none when the
  /// optimizer has fewer (frozen parameters). States are the places reached in every group.
  private func countAssignments() -> Count {
    let frozen = parameters.count - groups.reduce(0) { $0 + $1.count }
    struct Step {
      var ways: Int
      var from: [Int32]
      var group: Int
    }
    let start = groups.map { _ in Int32(0) }
    var levels: [[[Int32]: Step]] = [[start: Step(ways: 1, from: start, group: -1)]]
    var states = 1
    let most = Self.mostStates(ofPlaces: groups.count)
    for (index, parameter) in parameters.enumerated() {
      var next: [[Int32]: Step] = [:]
      func reach(_ state: [Int32], _ ways: Int, _ from: [Int32], _ group: Int) {
        if let step = next[state] {
          next[state]?.ways = min(step.ways + ways, 2)
        } else {
          next[state] = Step(ways: ways, from: from, group: group)
        }
      }
      for (state, step) in levels[index] {
        let taken = state.reduce(0) { $0 + Int($1) }
        if index - taken < frozen { reach(state, step.ways, state, -1) }
        for group in groups.indices {
          let place = Int(state[group])
          guard place < groups[group].count,
            groups[group][place] ?? parameter.shape == parameter.shape
          else { continue }
          var after = state
          after[group] += 1
          reach(after, step.ways, state, group)
        }
        guard states + next.count <= most else { return .several }
      }
      states += next.count
      levels.append(next)
    }
    let end = groups.map { Int32($0.count) }
    guard let last = levels[parameters.count][end] else { return .none }
    guard last.ways == 1 else { return .several }
    var assignment: [[Int]] = groups.map { _ in [] }
    var state = end
    for index in parameters.indices.reversed() {
      guard let step = levels[index + 1][state] else { return .none }
      if step.group >= 0 { assignment[step.group].append(index) }
      state = step.from
    }
    return .one(assignment.map { $0.reversed() })
  }

  // MARK: By rule

  private static let rules: [(String, @Sendable (String, Shape) -> Bool)] = [
    ("matrices are decayed, vectors are not", { _, shape in shape.rank >= 2 }),
    ("biases and normalisation layers are not decayed", { name, _ in !isBiasOrNorm(name) }),
    ("biases are not decayed", { name, _ in !name.hasSuffix("bias") }),
  ]

  private static func isBiasOrNorm(_ name: String) -> Bool {
    let lower = name.lowercased()
    return name.hasSuffix("bias") || lower.contains("norm") || lower.contains("ln_")
      || lower.contains(".bn")
  }

  /// Two groups split by a rule, of which just one is decayed: groups that differ in something else (layers
  /// with a rate of their own) are not split by any.
  private func assignment(by isDecayed: (String, Shape) -> Bool) -> [[Int]]? {
    guard groups.count == 2, let first = weightDecays[0], let second = weightDecays[1],
      (first == 0) != (second == 0)
    else { return nil }
    let decayed = parameters.indices.filter { isDecayed(parameters[$0].name, parameters[$0].shape) }
    let others = parameters.indices.filter { !isDecayed(parameters[$0].name, parameters[$0].shape) }
    let assignment = first == 0 ? [others, decayed] : [decayed, others]
    for (indices, shapes) in zip(assignment, groups) {
      guard indices.count == shapes.count else { return nil }
      for (index, shape) in zip(indices, shapes)
      where (shape ?? parameters[index].shape) != parameters[index].shape {
        return nil
      }
    }
    return assignment
  }

  /// Three groups, of matrices, of normalisation layers' weights and of biases (ultralytics), in
  /// whatever order fits; the matrices alone are decayed.
  private func assignmentByClass() -> (assignment: [[Int]], rule: String)? {
    guard groups.count == 3 else { return nil }
    let biases = parameters.indices.filter { parameters[$0].name.hasSuffix("bias") }
    let others = parameters.indices.filter { !parameters[$0].name.hasSuffix("bias") }
    let classes = [
      others.filter { parameters[$0].shape.rank >= 2 },
      others.filter { parameters[$0].shape.rank < 2 }, biases,
    ]
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    let fitting = orders.filter { order in
      zip(order, groups.indices).allSatisfy { kind, group in
        fits(classes[kind], groups[group])
      } && isAloneDecayed(order.firstIndex(of: 0) ?? 0)
    }
    guard fitting.count == 1 else { return nil }
    return (
      fitting[0].map { classes[$0] }, "matrices, weights of normalisation layers and biases apart"
    )
  }

  private func fits(_ indices: [Int], _ shapes: [Shape?]) -> Bool {
    indices.count == shapes.count
      && zip(indices, shapes).allSatisfy { $1 ?? parameters[$0].shape == parameters[$0].shape }
  }

  /// Whether this group is decayed, and no other.
  private func isAloneDecayed(_ group: Int) -> Bool {
    weightDecays.indices.allSatisfy { index in
      weightDecays[index].map { index == group ? $0 > 0 : $0 == 0 } ?? false
    }
  }
}
