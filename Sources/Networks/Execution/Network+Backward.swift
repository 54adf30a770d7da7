// Reverse mode with K cotangents per example: activations are shared by the K, deltas are
// [N, K, slab], and each group's gradients go to the reader once its last cotangent is there.
public import Diagnostics
internal import Tensors

extension Network {
  /// Per-example gradients of the output contracted with cotangents; `forward` must have run.
  ///
  /// - Parameters:
  ///   - cotangents: `[N, K] + outputShape`.
  ///   - count: K, at least 1.
  ///   - reader: is given every parameter's gradients, or what it wants of them.
  public func backward(
    cotangents: [Float], count: Int, reader: any GradientReader
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
      workspace = BackwardWorkspace(program, schedule, gradientPlan, count: count)
      self.workspace = workspace
    }
    let output = deltas(of: program.output.storage, workspace)
    cotangents.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { output.update(from: base, count: source.count) }
    }
    for turn in schedule.turns {
      for group in turn.groups { emit(group, workspace, reader) }
      let step = program.steps[turn.step]
      if reader.readsLayers { emitLayers(turn.step, workspace, reader) }
      for pull in turn.pulls {
        step.operation.pullBack(
          PullBack(
            input: pull.input, examples: 0..<exampleCount, count: count,
            arrays: arrays[turn.step], deltas: deltas(of: step.output, workspace),
            target: deltas(of: pull.storage, workspace), accumulates: pull.accumulates))
      }
    }
  }

  /// Hands over the cotangents of the layers that a step's output is recorded for; all have arrived.
  private func emitLayers(
    _ step: Int, _ workspace: BackwardWorkspace, _ reader: any GradientReader
  ) {
    let storage = program.steps[step].output
    for layer in flow.recordedStep.indices where flow.recordedStep[layer] == step {
      reader.read(
        layer: layer, examples: exampleCount, rows: workspace.count,
        features: program.storages[storage].count / exampleCount,
        cotangents: deltas(of: storage, workspace))
    }
  }

  /// The cotangents of an array, `[N, K, slab]`.
  func deltas(
    of storage: Int, _ workspace: BackwardWorkspace
  ) -> UnsafeMutablePointer<Float> {
    workspace.deltas.pointer + (schedule.offsets[storage] ?? 0) * workspace.count
  }
}
