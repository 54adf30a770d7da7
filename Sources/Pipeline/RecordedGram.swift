import Diagnostics
import Information
import Tensors
import Threads

/// What alignment and capacity need of one layer's recording.
struct RecordedGram: Sendable {
  let gram: Measured<ExampleGram>
  let centred: Measured<CentredGram>

  init(_ recording: Tensor) {
    gram = ExampleGram.of(recording)
    centred = gram.flatMap(CentredGram.of)
  }

  /// The same of several layers, on several threads.
  static func each(of recordings: [Tensor], threads: Int) -> [RecordedGram] {
    onThreads(count: recordings.count, threads: threads) { RecordedGram(recordings[$0]) }
  }
}

/// The results of `produce` for 0..<count, in order, computed on several threads; on the caller's
/// alone when there are none to be had.
func onThreads<Output: Sendable>(
  count: Int, threads: Int, _ produce: @escaping @Sendable (Int) -> Output
) -> [Output] {
  var outputs: [Output] = []
  do throws(Problem) {
    try forEachBlock(count: count, threads: threads) {
      (index) throws(Problem) -> Output in
      produce(index)
    } combine: { (_, output) throws(Problem) in
      outputs.append(output)
    }
    return outputs
  } catch {
    return (0..<count).map(produce)
  }
}
