// The gradients of one group of parameters, once all its cotangents are there: handed to the reader
// in the way that the plan chose.
internal import CKernels
internal import Tensors

extension Network {
  /// Gives a group's gradients to the reader.
  func emit(_ index: Int, _ workspace: BackwardWorkspace, _ reader: any GradientReader) {
    let group = program.groups[index]
    let count = workspace.count
    switch gradientPlan.ways[index] {
    case .outer(let use):
      guard let outer = outer(use, workspace) else { return }
      if reader.entryRows > 0 {
        reader.read(parameter: group.parameters[0], outer: outer)
      } else {
        readSquares(outer, parameter: group.parameters[0], workspace, reader)
      }
    case .products(let uses) where reader.entryRows < count:
      if reader.entryRows > 0 { readEntries(group, rows: reader.entryRows, workspace, reader) }
      readSquares(group, uses, workspace, reader)
    case .tiles(let use) where reader.entryRows < count:
      if reader.entryRows > 0 { readEntries(group, rows: reader.entryRows, workspace, reader) }
      readSquares(group, tiles: use, workspace, reader)
    case .products, .tiles, .entries:
      readEntries(group, rows: count, workspace, reader)
    }
  }

  /// The cotangents of one step's output, `[N, K, slab]`, from an example and row on.
  func cotangents(
    of step: Int, example: Int, row: Int = 0, _ workspace: BackwardWorkspace
  ) -> UnsafeMutablePointer<Float> {
    let storage = program.steps[step].output
    let slab = program.storages[storage].count / exampleCount
    return deltas(of: storage, workspace) + (example * workspace.count + row) * slab
  }

  // MARK: Norms without gradients

  private func outer(_ use: Program.Use, _ workspace: BackwardWorkspace) -> OuterGradients? {
    guard let operation = program.steps[use.step].operation as? any FactoredOperator,
      let factors = operation.factors(use.input),
      case .matrix(let right, _) = operation.activationFactor(
        use.input, example: 0, arrays[use.step])
    else { return nil }
    return OuterGradients(
      examples: exampleCount, rows: workspace.count, leftCount: factors.cotangentCount,
      rightCount: factors.activationCount,
      left: cotangents(of: use.step, example: 0, workspace), right: right,
      isLeftMajor: factors.cotangentSide == .first, scale: factors.scale)
  }

  private func readSquares(
    _ outer: OuterGradients, parameter: Int, _ workspace: BackwardWorkspace,
    _ reader: any GradientReader
  ) {
    let squares = workspace.squares
    let scale = Double(outer.scale) * Double(outer.scale)
    ck_squared_norms(outer.left, exampleCount * outer.rows, outer.leftCount, squares)
    for n in 0..<exampleCount {
      var right = 0.0
      ck_squared_norms(outer.right + n * outer.rightCount, 1, outer.rightCount, &right)
      for k in 0..<outer.rows { squares[n * outer.rows + k] *= scale * right }
    }
    reader.read(parameter: parameter, examples: 0..<exampleCount, squares: squares)
  }

  private func readSquares(
    _ group: Program.ParameterGroup, _ uses: [Program.Use], _ workspace: BackwardWorkspace,
    _ reader: any GradientReader
  ) {
    let rows = reader.entryRows..<workspace.count
    for n in 0..<exampleCount {
      let norms = SquaredNorms(
        uses, example: n, program, arrays, scratch: workspace.products)
      norms.squares(rows: rows) { use, row in
        UnsafePointer(cotangents(of: use.step, example: n, row: row, workspace))
      } _: { row, square in
        workspace.squares[n * rows.count + row - rows.lowerBound] =
          square ?? formedSquare(group, example: n, row: row, workspace)
      }
    }
    reader.read(
      parameter: group.parameters[0], examples: 0..<exampleCount, squares: workspace.squares)
  }

  private func readSquares(
    _ group: Program.ParameterGroup, tiles use: Program.Use, _ workspace: BackwardWorkspace,
    _ reader: any GradientReader
  ) {
    guard let operation = program.steps[use.step].operation as? any FactoredOperator else { return }
    let rows = reader.entryRows..<workspace.count
    for n in 0..<exampleCount {
      operation.tiledSquares(use.input, example: n, arrays[use.step], rows: rows) { row in
        UnsafePointer(cotangents(of: use.step, example: n, row: row, workspace))
      } _: { row, square in
        workspace.squares[n * rows.count + row - rows.lowerBound] = square
      }
    }
    reader.read(
      parameter: group.parameters[0], examples: 0..<exampleCount, squares: workspace.squares)
  }

  /// The squared norm of one gradient by forming it.
  private func formedSquare(
    _ group: Program.ParameterGroup, example: Int, row: Int, _ workspace: BackwardWorkspace
  ) -> Double {
    let storage = program.parameters[group.parameters[0]].storage
    var isSet = false
    for use in group.uses {
      accumulate(
        use, examples: example..<(example + 1), rows: row..<(row + 1), workspace,
        into: workspace.gradients.pointer, adding: isSet)
      isSet = true
    }
    var square = 0.0
    ck_squared_norms(
      workspace.gradients.pointer, 1, program.storages[storage].count, &square)
    return square
  }

  // MARK: Gradients in full

  /// Forms the gradients of the first rows, several examples at a time, and with them the norms of
  /// the rows that are not read entry by entry.
  private func readEntries(
    _ group: Program.ParameterGroup, rows: Int, _ workspace: BackwardWorkspace,
    _ reader: any GradientReader
  ) {
    let size = group.storages.reduce(0) { $0 + program.storages[$1].count }
    let isRowPerExample =
      exampleCount > 1
      && group.uses.contains { program.steps[$0.step].operation.exampleStride($0.input) > 0 }
    // The rows of one example follow those of another only when all are formed.
    let isWhole = rows == workspace.count && !isRowPerExample
    let chunk = isWhole ? max(1, workspace.gradients.count / max(1, size * rows)) : 1
    var first = 0
    while first < exampleCount {
      let examples = first..<min(first + chunk, exampleCount)
      form(group, examples: examples, rows: rows, workspace) { parameter, entries in
        read(
          entries, parameter: parameter, examples: examples, rows: rows,
          isComplete: rows == workspace.count, workspace, reader)
      }
      first = examples.upperBound
    }
  }

  private func read(
    _ entries: UnsafeMutablePointer<Float>, parameter: Int, examples: Range<Int>, rows: Int,
    isComplete: Bool, _ workspace: BackwardWorkspace, _ reader: any GradientReader
  ) {
    let count = program.storages[program.parameters[parameter].storage].count
    let wanted = reader.entryRows
    if wanted > 0 {
      reader.read(parameter: parameter, examples: examples, rows: rows, entries: entries)
    }
    guard isComplete, wanted < rows else { return }
    let others = rows - wanted
    for n in 0..<examples.count {
      ck_squared_norms(
        entries + (n * rows + wanted) * count, others, count, workspace.squares + n * others)
    }
    reader.read(parameter: parameter, examples: examples, squares: workspace.squares)
  }

  /// Forms the gradients of a group's parameters, `[examples, rows, P]` each.
  private func form(
    _ group: Program.ParameterGroup, examples: Range<Int>, rows: Int,
    _ workspace: BackwardWorkspace,
    _ visit: (_ parameter: Int, _ entries: UnsafeMutablePointer<Float>) -> Void
  ) {
    let copies = examples.count * rows
    var blocks: [Int: UnsafeMutablePointer<Float>] = [:]
    var next = workspace.gradients.pointer
    for storage in group.storages {
      blocks[storage] = next
      next += program.storages[storage].count * copies
    }
    var isSet: Set<Int> = []
    for use in group.uses {
      guard let block = blocks[use.storage] else { continue }
      accumulate(
        use, examples: examples, rows: 0..<rows, workspace, into: block,
        adding: !isSet.insert(use.storage).inserted)
    }
    for index in group.prologue.reversed() {
      let step = program.prologue[index]
      guard isSet.contains(step.output), let source = blocks[step.output] else { continue }
      for (input, storage) in Program.differentiableInputs(step, program.hasDelta) {
        guard let block = blocks[storage] else { continue }
        // Arrays of parameters have one "example", whose cotangents are those of all.
        step.operation.pullBack(
          PullBack(
            input: input, examples: 0..<1, count: copies, arrays: prologueArrays[index],
            deltas: source, target: block, accumulates: !isSet.insert(storage).inserted))
      }
    }
    for parameter in group.parameters {
      guard let block = blocks[program.parameters[parameter].storage] else { continue }
      visit(parameter, block)
    }
  }

  /// Pulls cotangents back to a shared array, `[examples, rows, P]`; some rows of one example, or
  /// all rows of several.
  private func accumulate(
    _ use: Program.Use, examples: Range<Int>, rows: Range<Int>, _ workspace: BackwardWorkspace,
    into block: UnsafeMutablePointer<Float>, adding: Bool
  ) {
    let step = program.steps[use.step]
    let source = cotangents(
      of: use.step, example: examples.lowerBound, row: rows.lowerBound, workspace)
    let stride = step.operation.exampleStride(use.input)
    let pull = { (target: UnsafeMutablePointer<Float>, adds: Bool) in
      step.operation.pullBack(
        PullBack(
          input: use.input, examples: examples, count: rows.count, arrays: self.arrays[use.step],
          deltas: source, target: target, accumulates: adds))
    }
    guard stride > 0, exampleCount > 1 else {
      pull(block, adding)
      return
    }
    // The example reads only its own part of the array: the rest of its gradient is zero.
    let whole = program.storages[use.storage].count
    if !adding { block.update(repeating: 0, count: whole * rows.count) }
    pull(workspace.part.pointer, false)
    for k in 0..<rows.count {
      for index in 0..<stride {
        block[k * whole + examples.lowerBound * stride + index] +=
          workspace.part.pointer[k * stride + index]
      }
    }
  }
}
