// Reverse mode with K cotangents per example: activations are shared by the K, deltas are
// [N, K, slab], and each parameter's gradient is formed for one example at a time.
public import Diagnostics
internal import Tensors

extension Network {
  /// Per-example gradients of the output contracted with cotangents; `forward` must have run.
  ///
  /// - Parameters:
  ///   - cotangents: `[N, K] + outputShape`.
  ///   - count: K, at least 1.
  ///   - visit: called once per parameter and example with `[K, P]` gradients, valid during the call.
  public func backward(
    cotangents: [Float], count: Int,
    visit: (_ parameter: Int, _ example: Int, _ gradients: UnsafeBufferPointer<Float>) -> Void
  ) throws(Problem) {
    let expected = program.storages[program.output.storage].count
    guard count > 0, cotangents.count / count == expected, cotangents.count % count == 0 else {
      throw Problem(
        "bad-cotangents", at: program.steps.last?.node.name ?? "",
        "\(cotangents.count) values for \(count) cotangents of \(expected)",
        remedy: "report this as a defect", kind: .software)
    }
    let workspace: BackwardWorkspace
    if let kept = self.workspace, kept.count == count {
      workspace = kept
    } else {
      // The old memory goes first.
      self.workspace = nil
      workspace = BackwardWorkspace(program, schedule, count: count)
      self.workspace = workspace
    }
    let output = deltas(of: program.output.storage, workspace)
    cotangents.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { output.update(from: base, count: source.count) }
    }
    for turn in schedule.turns {
      for group in turn.groups {
        emit(program.groups[group], workspace, visit)
      }
      let step = program.steps[turn.step]
      for pull in turn.pulls {
        step.operation.pullBack(
          PullBack(
            input: pull.input, examples: 0..<exampleCount, count: count,
            arrays: arrays[turn.step], deltas: deltas(of: step.output, workspace),
            target: deltas(of: pull.storage, workspace), accumulates: pull.accumulates))
      }
    }
  }

  private func deltas(
    of storage: Int, _ workspace: BackwardWorkspace
  ) -> UnsafeMutablePointer<Float> {
    workspace.deltas.pointer + (schedule.offsets[storage] ?? 0) * workspace.count
  }

  /// Forms the gradients of one group of parameters, example by example.
  private func emit(
    _ group: Program.ParameterGroup, _ workspace: BackwardWorkspace,
    _ visit: (_ parameter: Int, _ example: Int, _ gradients: UnsafeBufferPointer<Float>) -> Void
  ) {
    let count = workspace.count
    var blocks: [Int: UnsafeMutablePointer<Float>] = [:]
    var next = workspace.gradients.pointer
    for storage in group.storages {
      blocks[storage] = next
      next += program.storages[storage].count * count
    }
    for example in 0..<exampleCount {
      var isSet: Set<Int> = []
      for use in group.uses {
        guard let block = blocks[use.storage] else { continue }
        accumulate(
          use, example, workspace, into: block, adding: !isSet.insert(use.storage).inserted)
      }
      for index in group.prologue.reversed() {
        let step = program.prologue[index]
        guard isSet.contains(step.output), let source = blocks[step.output] else { continue }
        for (input, storage) in Program.differentiableInputs(step, program.hasDelta) {
          guard let block = blocks[storage] else { continue }
          step.operation.pullBack(
            PullBack(
              input: input, examples: 0..<1, count: count, arrays: prologueArrays[index],
              deltas: source, target: block,
              accumulates: !isSet.insert(storage).inserted))
        }
      }
      for parameter in group.parameters {
        let storage = program.parameters[parameter].storage
        guard let block = blocks[storage] else { continue }
        visit(
          parameter, example,
          UnsafeBufferPointer(start: block, count: program.storages[storage].count * count))
      }
    }
  }

  /// Pulls one example's cotangents back to a shared array.
  private func accumulate(
    _ use: Program.Use, _ example: Int, _ workspace: BackwardWorkspace,
    into block: UnsafeMutablePointer<Float>, adding: Bool
  ) {
    let step = program.steps[use.step]
    let count = workspace.count
    let slab = program.storages[step.output].count / exampleCount
    let source = deltas(of: step.output, workspace) + example * count * slab
    let stride = step.operation.exampleStride(use.input)
    let pull = { (target: UnsafeMutablePointer<Float>, adds: Bool) in
      step.operation.pullBack(
        PullBack(
          input: use.input, examples: example..<(example + 1), count: count,
          arrays: self.arrays[use.step], deltas: source, target: target, accumulates: adds))
    }
    guard stride > 0, exampleCount > 1 else {
      pull(block, adding)
      return
    }
    // The example reads only its own part of the array: the rest of its gradient is zero.
    let whole = program.storages[use.storage].count
    if !adding { block.update(repeating: 0, count: whole * count) }
    pull(workspace.part.pointer, false)
    for k in 0..<count {
      for index in 0..<stride {
        block[k * whole + example * stride + index] += workspace.part.pointer[k * stride + index]
      }
    }
  }
}
