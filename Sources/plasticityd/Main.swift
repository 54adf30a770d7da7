import ArgumentParser

@main
struct PlasticityDaemon: ParsableCommand {}
