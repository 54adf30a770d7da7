import ArgumentParser

@main
struct PlasticityDaemon: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plasticityd",
    abstract: "Watches a training run and says when its critical learning period ends.")
}
