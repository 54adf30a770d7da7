// The networks of a batch's blocks, where more than one pass goes through them.

import Diagnostics
import Networks
import Synchronization

/// Networks by the first example of their block.
final class BoundBlocks: Sendable {
  /// Safe to hand over: a pass has each block on one thread, and passes come one after another.
  private struct Held: @unchecked Sendable {
    let network: any DifferentiableNetwork
  }
  private let plan: BlockPlan
  private let networks = Mutex<[Int: Held]>([:])

  /// Blocks of a plan, not bound yet.
  init(_ plan: BlockPlan) { self.plan = plan }

  /// The block's network, bound when it is asked for first, and kept for every later pass.
  func kept(_ range: Range<Int>) throws(Problem) -> any DifferentiableNetwork {
    if let known = networks.withLock({ $0[range.lowerBound] }) { return known.network }
    let network = try plan.bind(range)
    put(network, range)
    return network
  }

  /// The block's network with its forward pass kept, for the one who takes it.
  func forwarded(_ range: Range<Int>) throws(Problem) -> any DifferentiableNetwork {
    let network = ForwardedNetwork(try plan.bind(range))
    put(network, range)
    return network
  }

  /// The block's network, which nobody else gets any more.
  func taken(_ range: Range<Int>) throws(Problem) -> any DifferentiableNetwork {
    if let known = networks.withLock({ $0.removeValue(forKey: range.lowerBound) }) {
      return known.network
    }
    return try plan.bind(range)
  }

  private func put(_ network: any DifferentiableNetwork, _ range: Range<Int>) {
    let held = Held(network: network)
    networks.withLock { $0[range.lowerBound] = held }
  }
}
