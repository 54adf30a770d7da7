// The nonlinearity that follows a layer: one node, or several as exporters write SiLU, GELU and Mish:
// the layer's output times a gate that is a function of it.
internal import Tensors

enum Nonlinearity {
  /// Functions that stop changing on one side or both: what gates are made of.
  private static let saturating: Set<String> = [
    "Sigmoid", "HardSigmoid", "Erf", "Tanh", "Softplus", "Clip", "Relu",
  ]

  /// More steps than any such function is written in.
  private static let longest = 24

  /// The step whose output is the nonlinearity of a step's output; nil where none follows directly.
  static func step(after recorded: Int, in program: Program, readers: [[Int]]) -> Int? {
    let output = program.steps[recorded].output
    // Several nodes first: the first of Mish's is a rectifier by itself.
    if let last = gated(output, program, readers) { return last }
    return readers[output].first { index in
      guard NetworkLayer.rectifiers.contains(program.steps[index].node.operation),
        case .storage(output)? = program.steps[index].inputs.first?.source
      else { return false }
      return program.storages[program.steps[index].output].count == program.storages[output].count
    }
  }

  /// Follows functions of each number alone until one is a product of the output and a gate.
  private static func gated(_ output: Int, _ program: Program, _ readers: [[Int]]) -> Int? {
    // What each array is: a function of each number, a saturating one, or a gated one.
    var isGate = [output: false]
    var isGated: Set<Int> = []
    var last: Int?
    var open = Set(readers[output])
    var visited = 0
    while let index = open.min(), visited < longest {
      open.remove(index)
      visited += 1
      let step = program.steps[index]
      let arrays = step.inputs.compactMap { term -> Int? in
        if case .storage(let storage) = term.source { return storage }
        return nil
      }
      guard step.operation is Unary || step.operation is Binary, !arrays.isEmpty,
        arrays.allSatisfy({ isGate[$0] != nil }),
        program.storages[step.output].count == program.storages[output].count
      else { continue }
      let hasGate = arrays.contains { isGate[$0] == true }
      isGate[step.output] = hasGate || saturating.contains(step.node.operation)
      let multiplies =
        step.node.operation == "Mul" && arrays.count == 2 && hasGate
        && arrays.contains { isGate[$0] == false }
      if multiplies || (arrays.count == 1 && isGated.contains(arrays[0])) {
        isGated.insert(step.output)
        last = index
      }
      open.formUnion(readers[step.output])
    }
    return last
  }
}

extension Program {
  /// By array: the steps that read it, in order.
  var readers: [[Int]] {
    var readers = [[Int]](repeating: [], count: storages.count)
    for (index, step) in steps.enumerated() {
      for term in step.inputs {
        guard case .storage(let storage) = term.source, readers[storage].last != index else {
          continue
        }
        readers[storage].append(index)
      }
    }
    return readers
  }
}
