import ArgumentParser
import Pipeline
import Reports

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what is in a checkpoint: tensors, types, step, moments, findings.")

  @Argument(help: "A checkpoint file, or a Trainer's checkpoint-N folder.")
  var checkpoint: String

  func run() throws {
    _ = enterSandbox(checkpoints: [checkpoint])
    try StandardStream.output.print(inspect(checkpoint).yaml())
  }
}
