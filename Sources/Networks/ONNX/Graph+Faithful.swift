// What exporters are known to write otherwise than the program that they traced: such a graph computes
// something else, and every number of it would be wrong.
internal import Diagnostics

extension Graph {
  /// Throws for a node whose line in the traced program says another computation.
  func requireFaithful(path: String) throws(Problem) {
    for node in nodes where node.operation == "ScatterElements" {
      guard let call = node.origin.flatMap(TracedCall.init), call.operation == "scatter_reduce",
        call.values.contains("mean")
      else { continue }
      // torch.onnx (PyTorch 2.13) writes it with the reduction "none": the last update counts.
      throw Problem(
        "unfaithful-graph", at: "\(path): node \"\(node.name)\" (\(node.kind))",
        "the exporter wrote scatter_reduce(…, \"mean\") as an assignment: the graph is not the network",
        remedy:
          "write the mean in forward as scatter_add divided by the number of entries, and export "
          + "again with probes/make_probe.py")
    }
  }
}
