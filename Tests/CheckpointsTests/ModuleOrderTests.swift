import Tensors
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct ModuleOrderTests {
  private func order(_ sorted: [(String, [Int])], _ moments: [[Int]]) -> [String]? {
    let parameters = sorted.map { (name: $0.0, shape: Shape($0.1)) }
    return ModuleOrder.unique(parameters, moments: moments.map { Shape($0) })?
      .map { sorted[$0].0 }
  }

  /// Sorted by name, `bias` stands before `weight` and `body` before `entry`.
  @Test func theTreeLeavesOneOrder() {
    let sorted: [(String, [Int])] = [
      ("body.10.bias", [5]), ("body.10.weight", [5, 5]), ("body.9.bias", [5]),
      ("body.9.weight", [5, 5]), ("entry.bias", [5]), ("entry.weight", [5, 3]),
      ("head.bias", [2]), ("head.weight", [2, 5]),
    ]
    let moments = [[5, 3], [5], [5, 5], [5], [5, 5], [5], [2, 5], [2]]
    #expect(
      order(sorted, moments) == [
        "entry.weight", "entry.bias", "body.9.weight", "body.9.bias", "body.10.weight",
        "body.10.bias", "head.weight", "head.bias",
      ])
  }

  @Test func twinsAreNotTold() {
    let sorted: [(String, [Int])] = [
      ("a.bias", [4]), ("a.weight", [4, 4]), ("b.bias", [4]), ("b.weight", [4, 4]),
    ]
    #expect(order(sorted, [[4, 4], [4], [4, 4], [4]]) == nil)
  }

  @Test func ownParametersStandBeforeChildren() {
    let sorted: [(String, [Int])] = [
      ("child.weight", [4]), ("token", [4]), ("weight", [3]),
    ]
    #expect(order(sorted, [[3], [4], [4]]) == ["weight", "token", "child.weight"])
    #expect(order(sorted, [[4], [3], [4]]) == ["token", "weight", "child.weight"])
    #expect(order(sorted, [[4], [4], [3]]) == nil)
  }

  @Test func manySiblingsAreRefusedAtOnce() {
    let sorted = (0..<30).map { ("m\($0).x", [$0 + 1]) }
    #expect(order(sorted, sorted.map(\.1)) == nil)
    #expect(order([("a.weight", [1])], []) == nil)
    #expect(order([("a.weight", [1])], [[2]]) == nil)
  }

  /// Any model with distinct shapes among siblings is found again after its names were sorted.
  @Test(arguments: 0..<20) func anyTreeIsFoundAgain(seed: UInt64) {
    var random = Seeded(seed: seed)
    var real: [(String, [Int])] = []
    func module(_ path: String, _ depth: Int, _ width: inout Int) {
      width += 1
      real.append(("\(path).weight", [width, 3]))
      real.append(("\(path).bias", [width]))
      guard depth < 3 else { return }
      let names = ["z", "y", "x", "w"].prefix(Int.random(in: 0...3, using: &random))
      for name in names.shuffled(using: &random) { module("\(path).\(name)", depth + 1, &width) }
    }
    var width = 0
    module("net", 0, &width)
    let sorted = real.sorted { $0.0 < $1.0 }
    #expect(order(sorted, real.map(\.1)) == real.map(\.0), "seed \(seed)")
  }
}
