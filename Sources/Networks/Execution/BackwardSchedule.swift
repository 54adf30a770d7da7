// The order of a backward pass: which step pulls back to which memory, when a parameter group has
// all its cotangents, and how long each array of cotangents lives.
internal import Tensors

/// A backward pass, planned for any K.
struct BackwardSchedule {
  /// One pullback of a step to an activation.
  struct Pull {
    let input: Int
    let storage: Int
    /// Whether an earlier pull has already set the target.
    let accumulates: Bool
  }

  /// What happens at one step.
  struct Turn {
    let step: Int
    /// Groups whose gradients are complete now; emitted before the pulls, which may overwrite.
    let groups: [Int]
    let pulls: [Pull]
  }

  let turns: [Turn]
  /// By storage: offset of its cotangents in units of K values, nil if it has none.
  let offsets: [Int?]
  /// Size of the arena in units of K values.
  let total: Int

  init(_ program: Program) {
    let count = program.steps.count
    var turns: [Turn] = []
    var birth = [Int?](repeating: nil, count: program.storages.count)
    var death = [Int](repeating: 0, count: program.storages.count)
    var users: [Int: [Int]] = [:]
    for group in program.groups {
      for use in group.uses { users[use.step, default: []].append(count - 1 - group.firstStep) }
    }
    birth[program.output.storage] = 0
    // Cotangents of aliased storages share one block.
    var block: [Int: Int] = [:]
    var blocks: [MemoryPlan.Block] = []
    func place(_ storage: Int, at time: Int) {
      block[storage] = blocks.count
      blocks.append(
        MemoryPlan.Block(size: program.storages[storage].count, birth: time, death: time))
    }
    place(program.output.storage, at: 0)
    for (index, step) in program.steps.enumerated().reversed() {
      let time = count - 1 - index
      guard program.hasDelta[step.output], let own = block[step.output] else { continue }
      death[step.output] = max(time, users[index]?.max() ?? 0)
      blocks[own].death = max(blocks[own].death, death[step.output])
      var targets = Program.differentiableInputs(step, program.hasDelta).filter {
        program.storages[$0.storage].isBatched
      }
      // One input may take over the memory of the output's cotangents; it is pulled last.
      let heir = targets.firstIndex { target in
        death[step.output] == time && birth[target.storage] == nil
          && targets.filter { $0.storage == target.storage }.count == 1
          && step.operation.pullsBackInPlace(target.input)
          && program.storages[target.storage].count == program.storages[step.output].count
      }
      if let heir { targets.append(targets.remove(at: heir)) }
      var pulls: [Pull] = []
      for (place, target) in targets.enumerated() {
        pulls.append(
          Pull(
            input: target.input, storage: target.storage,
            accumulates: birth[target.storage] != nil))
        guard birth[target.storage] == nil else { continue }
        birth[target.storage] = time
        if heir != nil, place == targets.count - 1 {
          block[target.storage] = own
        } else {
          block[target.storage] = blocks.count
          blocks.append(
            MemoryPlan.Block(
              size: program.storages[target.storage].count, birth: time, death: time))
        }
      }
      let groups = program.groups.indices.filter { program.groups[$0].firstStep == index }
      turns.append(Turn(step: index, groups: groups, pulls: pulls))
    }
    let plan = MemoryPlan(blocks)
    self.turns = turns
    total = plan.total
    offsets = program.storages.indices.map { storage in block[storage].map { plan.offsets[$0] } }
  }
}

/// The memory of a backward pass for one K.
final class BackwardWorkspace {
  /// K.
  let count: Int
  let deltas: FloatBuffer
  /// Gradients of some examples, for the arrays of one parameter group.
  let gradients: FloatBuffer
  /// One example's part of an array that has a row per example.
  let part: FloatBuffer
  /// Two matrices of inner products between places.
  let products: FloatBuffer
  /// Squared norms, `[N, K]`.
  let squares: UnsafeMutablePointer<Double>

  /// Gradients of small parameters are formed for as many examples as stay in a core's cache.
  private static let cachedGradients = 1 << 17

  init(_ program: Program, _ schedule: BackwardSchedule, _ plan: GradientPlan, count: Int) {
    self.count = count
    deltas = FloatBuffer(count: schedule.total * count)
    let largest = program.groups.map { group in
      group.storages.reduce(0) { $0 + program.storages[$1].count }
    }.max()
    gradients = FloatBuffer(count: max((largest ?? 0) * count, Self.cachedGradients))
    part = FloatBuffer(
      count: (program.groups.flatMap(\.storages).map { program.storages[$0].count }.max() ?? 0)
        * count)
    products = FloatBuffer(count: 2 * plan.places * plan.places)
    squares = .allocate(capacity: max(1, program.exampleCount * count))
  }

  deinit { squares.deallocate() }
}
