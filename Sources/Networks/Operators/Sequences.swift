// Sequences, as exporters use them: they are taken apart when the graph is bound, and only the
// arrays in them are ever computed.
internal import Diagnostics
internal import Tensors

enum Sequences {
  static let construct: OperatorBinding = { binder, site throws(Problem) in
    var parts: [Value] = []
    for input in site.node.inputs.indices { parts.append(try binder.value(site, input)) }
    binder.set(site, .sequence(parts))
  }

  static let empty: OperatorBinding = { binder, site throws(Problem) in
    binder.set(site, .sequence([]))
  }

  static let at: OperatorBinding = { binder, site throws(Problem) in
    let parts = try parts(binder, site)
    guard let position = try binder.integers(site, 1)?.first else {
      throw site.invalid("it names no position")
    }
    binder.set(site, parts[try site.index(position, extent: parts.count)])
  }

  static let length: OperatorBinding = { binder, site throws(Problem) in
    let count = Int64(try parts(binder, site).count)
    binder.set(
      site,
      .known(
        HostArray(shape: Shape([]), type: .int64, integers: [count]), isBatched: false))
  }

  static let insert: OperatorBinding = { binder, site throws(Problem) in
    var parts = try parts(binder, site)
    let value = try binder.value(site, 1)
    var position = try binder.integers(site, 2)?.first ?? parts.count
    if position < 0 { position += parts.count }
    guard position >= 0, position <= parts.count else {
      throw site.invalid("position \(position) in a sequence of \(parts.count)")
    }
    parts.insert(value, at: position)
    binder.set(site, .sequence(parts))
  }

  static let erase: OperatorBinding = { binder, site throws(Problem) in
    var parts = try parts(binder, site)
    guard !parts.isEmpty else { throw site.invalid("the sequence is empty") }
    let position = try binder.integers(site, 1)?.first ?? -1
    parts.remove(at: try site.index(position, extent: parts.count))
    binder.set(site, .sequence(parts))
  }

  /// Concatenation, along an axis that is there or a new one.
  static let concat = Binder.lowered { lower throws(Problem) in
    let parts = try parts(lower.binder, lower.site)
    guard let first = parts.first else { throw lower.site.invalid("the sequence is empty") }
    let isNew = try lower.site.integer("new_axis", default: 0) == 1
    let rank = try lower.shape(lower.name(first)).count + (isNew ? 1 : 0)
    let axis = try lower.site.axis(try lower.site.integer("axis", default: 0), rank: rank)
    var names: [String] = []
    for part in parts {
      let name = lower.name(part)
      names.append(isNew ? try lower("Unsqueeze", [name, lower.list([axis])]) : name)
    }
    try lower.finish(try lower("Concat", names, ["axis": .integer(Int64(axis))]))
  }

  private static func parts(_ binder: Binder, _ site: NodeSite) throws(Problem) -> [Value] {
    guard case .sequence(let parts) = try binder.value(site, 0) else {
      throw site.invalid("its input is no sequence")
    }
    return parts
  }
}
