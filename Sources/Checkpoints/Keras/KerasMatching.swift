// Which trainable variable each of a Keras optimizer's moments belongs to. The optimizer keeps the
// model's order of layers, which an HDF5 file loses: what is left of it are the counters in the names
// of layers of one class, the order inside a layer, and the shapes. The configuration of a `.keras`
// file tells the rest. One assignment that fits is taken; several are refused.
internal import Tensors

struct KerasMatching {
  /// Shapes of the moments in the optimizer's order.
  let moments: [Shape]
  /// Layers with trainable variables: their shapes in order.
  let layers: [[Shape]]
  /// Indices of layers whose order among themselves is known.
  let chains: [[Int]]

  enum Result {
    /// The layers in the optimizer's order.
    case one([Int])
    case none
    case several
  }

  private struct State: Hashable {
    var places: [Int32]
    var consumed: Int
  }

  private struct Step {
    var ways: Int
    var from: State
    /// The layer that was placed.
    var layer: Int
  }

  /// Counts the ways to place whole layers, each chain in its order, so that all shapes agree; layers
  /// are passed over (frozen) only when there are more variables than moments.
  func match() -> Result {
    let total = layers.reduce(0) { $0 + $1.count }
    guard !moments.isEmpty, total >= moments.count, !layers.contains([]) else { return .none }
    let mayPass = total > moments.count
    let start = State(places: chains.map { _ in 0 }, consumed: 0)
    var levels: [[State: Step]] = []
    var current: [State: Int] = [start: 1]
    var ends: [(state: State, level: Int, ways: Int)] = []
    var states = 0
    let most = MomentMatching.mostStates(ofPlaces: chains.count)
    while !current.isEmpty {
      var next: [State: Step] = [:]
      for (state, ways) in current {
        for chain in chains.indices {
          let first = Int(state.places[chain])
          let last = mayPass ? chains[chain].count : min(first + 1, chains[chain].count)
          for place in first..<max(first, last) {
            let layer = chains[chain][place]
            let end = state.consumed + layers[layer].count
            guard end <= moments.count, moments[state.consumed..<end].elementsEqual(layers[layer])
            else { continue }
            var after = state
            after.places[chain] = Int32(place + 1)
            after.consumed = end
            let before = next[after]?.ways ?? 0
            next[after] = Step(ways: min(before + ways, 2), from: state, layer: layer)
          }
        }
        guard states + next.count <= most else { return .several }
      }
      levels.append(next)
      states += next.count
      for (state, step) in next where state.consumed == moments.count {
        ends.append((state, levels.count - 1, step.ways))
      }
      current = next.mapValues(\.ways)
    }
    guard let end = ends.first else { return .none }
    guard ends.count == 1, end.ways == 1 else { return .several }
    var order: [Int] = []
    var state = end.state
    for level in (0...end.level).reversed() {
      guard let step = levels[level][state] else { return .none }
      order.append(step.layer)
      state = step.from
    }
    return .one(order.reversed())
  }
}
