// swift-tools-version: 6.2
// Each target may import only targets that stand above it in this list.
import PackageDescription

/// `etc/fuzz` builds with this: everything under libFuzzer and the address sanitizer.
let isFuzzing = Context.environment["PLASTICITYD_FUZZ"] != nil

let strict: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
  ] + (isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer,address"])] : [])

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// `fixtures`: the suite reads files beside its sources, in `Fixtures`.
func tests(_ name: String, _ dependencies: [Target.Dependency], fixtures: Bool = false) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, exclude: fixtures ? ["Fixtures"] : [],
    swiftSettings: strict)
}

let package = Package(
  name: "plasticityd",
  products: [
    .executable(name: "plasticityd", targets: ["plasticityd"]),
    .executable(name: "plasticity-watch", targets: ["plasticity-watch"]),
  ],
  dependencies: [
    // Subcommands, help that teaches, exit code 64: the one dependency that is not a system library.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    // Optimised in debug builds too: the test suite computes real networks.
    .target(
      name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-Wall", "-Wextra", "-Werror"])]),
    // What Swift cannot call: prctl, landlock, seccomp.
    .target(
      name: "CSandbox",
      cSettings: [
        .define("_GNU_SOURCE"), .unsafeFlags(["-O2", "-Wall", "-Wextra", "-Werror"]),
      ]),

    library("Diagnostics"),
    library("Confinement", ["CSandbox"]),
    library("YAML", ["CLibYAML", "Diagnostics"]),
    library("Tensors", ["Diagnostics"]),
    library("LinearAlgebra", ["COpenBLAS"]),
    library("Threads", ["Diagnostics"]),
    library(
      "Checkpoints", ["CKernels", "CZlib", "CZstd", "Diagnostics", "Tensors", "Threads"]),
    library("Networks", ["CKernels", "Diagnostics", "Tensors", "LinearAlgebra"]),
    library(
      "Information",
      ["CKernels", "Diagnostics", "Tensors", "LinearAlgebra", "Threads", "Networks"]),
    library("CriticalPeriods", ["Diagnostics"]),
    library("Reports", ["Diagnostics", "YAML"]),
    library(
      "Pipeline",
      [
        "Diagnostics", "YAML", "Tensors", "LinearAlgebra", "Threads", "Checkpoints", "Networks",
        "Information", "Reports",
      ]),
    library("Ledger", ["CSQLite", "Diagnostics", "Reports"]),
    library("Watching", ["Diagnostics"]),
    library(
      "Monitor",
      [
        "Diagnostics", "Confinement", "YAML", "Information", "CriticalPeriods", "Reports",
        "Pipeline",
        "Ledger", "Watching",
      ]),
    .executableTarget(
      name: "plasticityd",
      dependencies: [
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        "Diagnostics", "Confinement", "YAML", "Checkpoints", "Networks", "Information",
        "CriticalPeriods", "Reports", "Pipeline", "Ledger", "Watching", "Monitor",
      ],
      swiftSettings: strict),
    // For etc/conformance only.
    .executableTarget(
      name: "conformance-runner", dependencies: ["Diagnostics", "Networks"],
      swiftSettings: strict),
    // For etc/bench only.
    .executableTarget(
      name: "norm-timer", dependencies: ["Diagnostics", "Networks", "Tensors"],
      swiftSettings: strict),
    // For ConfinementTests only: tries what a confined process must not be able to do.
    .executableTarget(
      name: "sandbox-trial", dependencies: ["Confinement"], swiftSettings: strict),
    // GPL-2.0-only, alone: everything else talks to it over a pipe and never links it.
    .executableTarget(
      name: "plasticity-watch",
      cSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra", "-Werror"])],
      linkerSettings: [.linkedLibrary("inotifytools")]),

    // What several suites share.
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    // Inputs that a trainer would not write, and a program that writes them to the disk.
    .target(
      name: "HostileCorpus", dependencies: ["CZlib"], path: "Tests/HostileCorpus",
      swiftSettings: strict),
    .executableTarget(
      name: "hostile-corpus", dependencies: ["HostileCorpus"], path: "Tests/hostile-corpus",
      swiftSettings: strict),
    // What fuzzers feed, and tests replay.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "HostileCorpus", "Checkpoints", "Tensors", "Networks", "Reports", "YAML", "Diagnostics",
      ],
      path: "Tests/FuzzTargets", swiftSettings: strict),

    tests("DiagnosticsTests", ["Diagnostics"]),
    tests("ConfinementTests", ["Confinement", "sandbox-trial"]),
    tests("YAMLTests", ["TestSupport", "YAML", "Diagnostics"]),
    tests("TensorsTests", ["Tensors", "Diagnostics"]),
    tests("LinearAlgebraTests", ["LinearAlgebra"]),
    tests("ThreadsTests", ["Threads", "Diagnostics"]),
    tests(
      "CheckpointsTests", ["TestSupport", "Checkpoints", "Diagnostics", "Tensors", "CKernels"],
      fixtures: true),
    tests(
      "NetworksTests",
      [
        "TestSupport", "Networks", "Checkpoints", "Diagnostics", "Tensors", "LinearAlgebra",
        "CKernels",
      ],
      fixtures: true),
    tests(
      "InformationTests",
      ["Information", "Networks", "Diagnostics", "Tensors", "LinearAlgebra", "CKernels"],
      fixtures: true),
    tests("CriticalPeriodsTests", ["CriticalPeriods", "Diagnostics"], fixtures: true),
    tests("ReportsTests", ["Reports", "YAML", "Diagnostics"]),
    tests("LedgerTests", ["Ledger", "Reports", "Diagnostics"]),
    tests("WatchingTests", ["TestSupport", "Watching", "Diagnostics"]),
    tests(
      "MonitorTests",
      [
        "TestSupport", "Monitor", "Ledger", "Pipeline", "Reports", "Watching", "CriticalPeriods",
        "YAML",
        "Diagnostics",
      ]),
    tests(
      "EndToEndTests",
      [
        "TestSupport", "HostileCorpus", "FuzzTargets", "Pipeline", "Reports", "YAML", "Checkpoints",
        "Networks",
        "Information", "Diagnostics",
      ],
      fixtures: true),
  ]
)

if isFuzzing {
  package.targets += [
    .systemLibrary(name: "CFuzzer", path: "Tests/CFuzzer"),
    .executableTarget(
      name: "fuzz", dependencies: ["CFuzzer", "FuzzTargets"], path: "Tests/fuzz",
      swiftSettings: strict,
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
  ]
}
