// What a convolution and a transposed one take: images, filters, and a bias for each channel out.
internal import Diagnostics

extension Binder {
  /// Images, filters and, where there is one, the bias.
  func convolutionTerms(_ site: NodeSite) throws(Problem) -> [Term] {
    var terms = [try term(site, 0), try term(site, 1)]
    guard try optionalValue(site, 2) != nil else { return terms }
    // PyTorch's exporter writes a bias of zeros where there is none: left out.
    if case .known(let bias, _) = try value(site, 2), bias.reals.allSatisfy({ $0 == 0 }) {
      return terms
    }
    terms.append(try term(site, 2))
    return terms
  }
}

extension Frame {
  /// Whether there is a bias; it must have an element for each of the channels out.
  func hasBias(channels: Int) throws(Problem) -> Bool {
    guard terms.count > 2 else { return false }
    let count = try shared(2).count
    guard count == channels else { throw site.invalid("\(count) biases for \(channels) channels") }
    return true
  }
}
