// Einstein summation of any number of arrays, two at a time, each as a matrix product, an elementwise
// product or a sum.
internal import Diagnostics
internal import Tensors

enum Einsum {
  /// An axis name: a letter's code, or −1, −2, … for the axes of an ellipsis from the last one.
  private typealias Label = Int

  /// An array with named axes.
  private struct Operand {
    var name: String
    var labels: [Label]
  }

  static let bind = Binder.lowered { lower throws(Problem) in
    let site = lower.site
    let equation = try site.text("equation", default: "").filter { $0 != " " }
    let sides = equation.split(separator: ">", omittingEmptySubsequences: false)
    let isExplicit = sides.count == 2 && sides[0].last == "-"
    guard sides.count == 1 || isExplicit else { throw site.invalid("equation \(equation)") }
    let terms = (isExplicit ? sides[0].dropLast() : sides[0])
      .split(separator: ",", omittingEmptySubsequences: false)
    guard terms.count == site.node.inputs.count else {
      throw site.invalid("equation \(equation) for \(site.node.inputs.count) inputs")
    }
    var operands: [Operand] = []
    for (index, term) in terms.enumerated() {
      let name = try lower.input(index)
      let labels = try labels(site, term, rank: try lower.shape(name).count)
      operands.append(try diagonal(lower, Operand(name: name, labels: labels)))
    }
    let output: [Label]
    if isExplicit {
      let wide = sides[1].contains(".") ? -(operands.flatMap(\.labels).min() ?? 0) : 0
      output = try Einsum.labels(
        site, sides[1], rank: sides[1].filter { $0 != "." }.count + max(0, wide))
    } else {
      let all = terms.joined().filter { $0 != "." }.compactMap { $0.asciiValue.map(Int.init) }
      let single = Set(all).filter { label in all.count { $0 == label } == 1 }
      let wide = Set(operands.flatMap(\.labels).filter { $0 < 0 })
      output = wide.sorted() + single.sorted()
    }
    guard Set(output).count == output.count,
      Set(output).isSubset(of: operands.flatMap(\.labels))
    else { throw site.invalid("equation \(equation)") }
    var result = operands[0]
    for (index, operand) in operands.enumerated().dropFirst() {
      let later = Set(operands[(index + 1)...].flatMap(\.labels)).union(output)
      result = try product(lower, result, operand, keeping: later)
    }
    result = try summed(lower, result, keeping: Set(output))
    try lower.finish(try arranged(lower, result, as: output))
  }

  private static func labels<Text: StringProtocol>(
    _ site: NodeSite, _ term: Text, rank: Int
  ) throws(Problem) -> [Label] {
    let letters = term.filter { $0 != "." }
    let dots = term.count - letters.count
    guard dots == 0 || (dots == 3 && term.contains("...")), letters.count <= rank,
      dots == 3 || letters.count == rank
    else { throw site.invalid("term \(term) for \(rank) axes") }
    var labels: [Label] = []
    var isInDots = false
    for letter in term {
      if letter == "." {
        if !isInDots { labels += (letters.count - rank)..<0 }
        isInDots = true
      } else {
        guard letter.isLetter, let code = letter.asciiValue else {
          throw site.invalid("axis \(letter)")
        }
        labels.append(Int(code))
      }
    }
    return labels
  }

  /// Axes that are named twice in one term are walked together.
  private static func diagonal(
    _ lower: Lowering, _ operand: Operand
  ) throws(Problem) -> Operand {
    var labels: [Label] = []
    var extents: [Int] = []
    var strides: [Int] = []
    let shape = Shape(try lower.shape(operand.name))
    for (axis, label) in operand.labels.enumerated() {
      if let place = labels.firstIndex(of: label) {
        guard extents[place] == shape.dimensions[axis] else {
          throw lower.site.invalid(
            "one name for extents \(extents[place]) and \(shape.dimensions[axis])")
        }
        strides[place] += shape.strides[axis]
      } else {
        labels.append(label)
        extents.append(shape.dimensions[axis])
        strides.append(shape.strides[axis])
      }
    }
    guard labels.count < operand.labels.count else { return operand }
    let positions = StridedWalk(extents: extents, strides: strides).positions
    let name = try SparseMap.emit(
      lower, [operand.name], output: try lower.site.shape(extents),
      [SparseMap.Entries(to: Array(positions.indices), from: positions)])
    return Operand(name: name, labels: labels)
  }

  /// Sums the axes that nobody names later.
  private static func summed(
    _ lower: Lowering, _ operand: Operand, keeping kept: Set<Label>
  ) throws(Problem) -> Operand {
    let axes = operand.labels.indices.filter { !kept.contains(operand.labels[$0]) }
    guard !axes.isEmpty else { return operand }
    let name = try lower(
      "ReduceSum", [operand.name, lower.list(axes)], ["keepdims": .integer(0)])
    return Operand(name: name, labels: operand.labels.filter { kept.contains($0) })
  }

  /// Puts axes in order, and axes of extent 1 where one is missing.
  private static func arranged(
    _ lower: Lowering, _ operand: Operand, as labels: [Label]
  ) throws(Problem) -> String {
    let present = labels.filter { operand.labels.contains($0) }
    let moved = try lower.transpose(
      operand.name, present.compactMap { operand.labels.firstIndex(of: $0) })
    guard present.count < labels.count else { return moved }
    let missing = labels.indices.filter { !operand.labels.contains(labels[$0]) }
    return try lower("Unsqueeze", [moved, lower.list(missing)])
  }

  private static func product(
    _ lower: Lowering, _ first: Operand, _ second: Operand, keeping later: Set<Label>
  ) throws(Problem) -> Operand {
    var a = try summed(lower, first, keeping: later.union(second.labels))
    var b = try summed(lower, second, keeping: later.union(first.labels))
    // The array that has examples goes first, so that they stay on the first axis.
    if try !lower.placedTerm(a.name).isBatched, try lower.placedTerm(b.name).isBatched {
      swap(&a, &b)
    }
    let (aShape, bShape) = (try lower.shape(a.name), try lower.shape(b.name))
    let common = a.labels.filter { b.labels.contains($0) }
    let own = a.labels.filter { !b.labels.contains($0) }
    let other = b.labels.filter { !a.labels.contains($0) }
    let contracted = common.filter { !later.contains($0) }
    let broadcasts = common.contains { label in
      aShape[a.labels.firstIndex(of: label) ?? 0] != bShape[b.labels.firstIndex(of: label) ?? 0]
    }
    if contracted.isEmpty || broadcasts || (own.isEmpty && other.isEmpty) {
      // In the first array's order, so that its examples stay where they are.
      let labels = a.labels + other
      let name = try lower(
        "Mul", [try arranged(lower, a, as: labels), try arranged(lower, b, as: labels)])
      return try summed(lower, Operand(name: name, labels: labels), keeping: later)
    }
    let batch = common.filter { later.contains($0) }
    // The examples of the first array are broadcast where there are batches besides.
    let place = try lower.placedTerm(a.name).place(examples: lower.binder.exampleCount)
    let lead = batch.isEmpty ? [] : own.filter { $0 == place.map { a.labels[$0.axis] } }
    let rows = own.filter { !lead.contains($0) }
    let left = try arranged(lower, a, as: lead + batch + rows + contracted)
    let right = try arranged(lower, b, as: batch + contracted + other)
    func extents(_ labels: [Label]) -> [Int] {
      labels.map { label in
        a.labels.firstIndex(of: label).map { aShape[$0] }
          ?? bShape[b.labels.firstIndex(of: label) ?? 0]
      }
    }
    func count(_ labels: [Label]) -> Int { extents(labels).reduce(1, *) }
    let outer = extents(lead + batch)
    let name = try lower(
      "MatMul",
      [
        try lower.reshape(left, outer + [count(rows), count(contracted)]),
        try lower.reshape(right, extents(batch) + [count(contracted), count(other)]),
      ])
    return Operand(
      name: try lower.reshape(name, outer + extents(rows) + extents(other)),
      labels: lead + batch + rows + other)
  }
}
