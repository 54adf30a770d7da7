// What a fuzzer feeds with bytes: one entry a parser, each through the interface that the program
// uses. An input may be refused; it must not end the process, hang, or be read as two things.

/// A parser under test.
package struct FuzzTarget: Sendable {
  /// Its name on the command line and of its folders.
  package let name: String
  /// Gives it one input.
  package let run: @Sendable ([UInt8]) -> Void

  /// All of them.
  package static let all: [FuzzTarget] =
    checkpointTargets + folderTargets + bundleTargets + orbaxTargets + [
      .pickle, .metadata, .npy, .npz, .yaml, .onnx, .workerReport,
    ]

  /// The one of this name.
  package static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}
