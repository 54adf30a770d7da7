// Batch normalisations that an exporter folded into the layer before them.

extension NameBinding {
  /// The running variance of a batch normalisation that the graph does not read although it reads what
  /// stands beside it in the checkpoint: the exporter folded it into that layer. A name of the
  /// checkpoint, as PyTorch's `BatchNorm` modules have it (`….running_var`). Nil when there is none; a
  /// normalisation in a branch that the prediction does not use, as an auxiliary classifier, is none.
  ///
  /// - Parameter unread: the graph's `unread`: what the model itself held and did not use is not folded.
  public func foldedStatistic(besides unread: Set<String> = []) -> String? {
    let ending = ".running_var"
    let modules = unreached.filter { name in
      name.hasSuffix(ending) && !unread.contains { name == $0 || name.hasSuffix(".\($0)") }
    }.map { $0.dropLast(ending.count) }
    guard !modules.isEmpty else { return nil }
    let lacking = Set(modules)
    let read = Self.scopes(of: checkpointNames.values.map { $0[...] })
    let unread = Self.scopes(
      of: unreached.lazy.map { $0[...] }.filter { !lacking.contains(Self.scope(of: $0)) })
    return modules.first { module in
      // The smallest module around it that holds anything else tells.
      var scope = Self.scope(of: module)
      while !scope.isEmpty, !read.contains(scope), !unread.contains(scope) {
        scope = Self.scope(of: scope)
      }
      return read.contains(scope) || !unread.contains(scope)
    }
    .map { $0 + ending }
  }

  /// The module that holds a tensor or a module; empty for the outermost one.
  private static func scope(of name: Substring) -> Substring {
    name[..<(name.lastIndex(of: ".") ?? name.startIndex)]
  }

  /// All modules, large and small, that hold one of the names.
  private static func scopes(of names: some Sequence<Substring>) -> Set<Substring> {
    var scopes: Set<Substring> = []
    for name in names {
      var scope = scope(of: name)
      while scopes.insert(scope).inserted, !scope.isEmpty { scope = self.scope(of: scope) }
    }
    return scopes
  }
}
