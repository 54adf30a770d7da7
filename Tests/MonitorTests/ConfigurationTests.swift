// Every mistake in a configuration, and the whole line that tells about it.

import Diagnostics
import Foundation
import Pipeline
import TestSupport
import Testing
import Watching

@testable import Monitor

@Suite struct ConfigurationTests {
  let folder: TestFolder

  init() throws {
    folder = try TestFolder()
    try folder.folder("runs/inner")
    try folder.folder("probe")
  }

  private func read(_ text: String) throws -> Configuration {
    try folder.text("config.yaml", text)
    return try Configuration.load(folder.path + "/config.yaml")
  }

  @Test func fillsInWhatIsNotSaid() throws {
    let configuration = try read("roots: [{path: runs}]\n")
    #expect(configuration.roots.map(\.path) == [folder.path + "/runs"])
    #expect(configuration.roots.first?.watch == .auto)
    #expect(configuration.state == "/var/lib/plasticityd")
    #expect(configuration.reports == "/var/lib/plasticityd/reports")
    #expect(configuration.scan == Configuration.Scan())
    #expect(configuration.worker == Configuration.Worker())
    #expect(configuration.labels == .auto)
    #expect(configuration.seed == nil)
    #expect(configuration.settle(on: .init(name: "ext4")) == .seconds(5))
    #expect(configuration.settle(on: .init(name: "nfs4")) == .seconds(65))
  }

  @Test func readsEverything() throws {
    let configuration = try read(
      """
      state: state
      reports: out
      roots:
        - path: runs/inner
          name: lab/a
          probe: small
          watch: polling
        - {path: elsewhere, probe: probe}
      probes: {small: probe}
      scan:
        interval_seconds: 0.5
        settle_seconds: 0
        incomplete_after_seconds: 9
        max_depth: 3
        max_entries: 1000
      worker: {memory_limit_mebibytes: 512, timeout_seconds: 7, threads: 2}
      labels: sampled
      draws: 4
      seed: 18446744073709551615
      tolerance_nats: 0.02
      budget: {precision: 0.05, seconds: 12}
      alerts: {command: [/bin/sh, "-c", "true"], timeout_seconds: 9}
      log_level: debug
      """)
    #expect(configuration.state == folder.path + "/state")
    #expect(configuration.reports == folder.path + "/out")
    #expect(
      configuration.roots == [
        Configuration.Root(
          path: folder.path + "/runs/inner", name: "lab/a", probe: folder.path + "/probe",
          watch: .polling),
        Configuration.Root(
          path: folder.path + "/elsewhere", name: nil, probe: folder.path + "/probe", watch: .auto),
      ])
    #expect(
      configuration.scan
        == Configuration.Scan(
          intervalSeconds: 0.5, settleSeconds: 0, incompleteAfterSeconds: 9, maxDepth: 3,
          maxEntries: 1000))
    #expect(
      configuration.worker
        == Configuration.Worker(memoryLimitMebibytes: 512, timeoutSeconds: 7, threads: 2))
    #expect(configuration.labels == .sampled)
    #expect(configuration.draws == 4)
    #expect(configuration.seed == .max)
    #expect(configuration.toleranceNats == 0.02)
    #expect(configuration.precision == 0.05)
    #expect(configuration.probeSeconds == 12)
    #expect(
      configuration.alerts
        == AlertCommand(executable: "/bin/sh", arguments: ["-c", "true"], timeoutSeconds: 9))
    #expect(configuration.logLevel == .debug)
    #expect(configuration.settle(on: .init(name: "nfs4")) == .zero)
  }

  private static let mistakes: [(String, String)] = [
    (
      "roots: [{path: runs}]\nlables: exact\n",
      "unknown-key: CONFIG:2:1: the key \"lables\" is not known here; did you mean \"labels\"?"
    ),
    (
      "state: x\n",
      "missing-key: CONFIG:1:1: the key \"roots\" is missing; add roots: …"
    ),
    (
      "roots: []\n",
      "no-roots: CONFIG:1:8: no folder to watch is given; "
        + "add - path: /the/folder/your/training/writes/to"
    ),
    (
      "roots: runs\n",
      "wrong-type: CONFIG:1:8: expected a list, found the string \"runs\"; write a list"
    ),
    (
      "roots:\n  - path: runs\n    watch: inotify\n",
      "wrong-type: CONFIG:3:12: expected one of auto, polling, found the string \"inotify\"; "
        + "write one of these words"
    ),
    (
      "roots:\n  - {path: runs, name: ../x}\n",
      "bad-name: CONFIG:2:24: \"../x\" cannot name a run; "
        + "use names and slashes, without empty parts, \".\" and \"..\""
    ),
    (
      "roots: [{path: runs}]\nscan: {settle_seconds: -1}\n",
      "out-of-range: CONFIG:2:24: expected a number from 0.0 to 86400.0, found -1.0; "
        + "write a number in that range"
    ),
    (
      "roots: [{path: runs}]\nworker:\n  memory_limit_mebibytes: 1\n",
      "out-of-range: CONFIG:3:27: expected an integer from 384 to 1048576, found 1; "
        + "write a number in that range"
    ),
    (
      "roots: [{path: runs, probe: nothing}]\n",
      "probe-missing: CONFIG:1:29: there is no folder FOLDER/nothing; "
        + "give a name of probes:, or the folder that holds graph.onnx and batch.npz"
    ),
    (
      "roots: [{path: runs}]\nreports: runs/inner/reports\n",
      "folder-inside-root: CONFIG:2:10: the reports folder FOLDER/runs/inner/reports lies in "
        + "the watched folder FOLDER/runs; "
        + "put it somewhere else: nothing is ever written into a watched folder"
    ),
    (
      "roots: [{path: runs}]\nstate: runs\n",
      "folder-inside-root: CONFIG:2:8: the state folder FOLDER/runs lies in "
        + "the watched folder FOLDER/runs; "
        + "put it somewhere else: nothing is ever written into a watched folder"
    ),
    (
      "roots: [{path: runs}]\nreports: linked/reports\n",
      "folder-inside-root: CONFIG:2:10: the reports folder FOLDER/runs/inner/reports lies in "
        + "the watched folder FOLDER/runs; "
        + "put it somewhere else: nothing is ever written into a watched folder"
    ),
    (
      "reports: out\nroots: [{path: out/x}]\n",
      "root-inside-folder: CONFIG:2:9: the watched folder FOLDER/out/x lies in the reports "
        + "folder FOLDER/out; watch the folder that the training writes to"
    ),
    (
      "roots: [{path: config.yaml}]\n",
      "root-no-folder: CONFIG:1:9: CONFIG is no folder; watch the folder that the training writes to"
    ),
    (
      "roots:\n  - path: runs\n  - path: runs/inner\n",
      "root-inside-root: CONFIG:3:5: the watched folders FOLDER/runs/inner and FOLDER/runs lie in "
        + "each other; keep the outer one"
    ),
  ]

  @Test(arguments: mistakes)
  func tellsEveryMistake(text: String, line: String) throws {
    try folder.link("linked", to: folder.path + "/runs/inner")
    let expected = line.replacingOccurrences(of: "CONFIG", with: folder.path + "/config.yaml")
      .replacingOccurrences(of: "FOLDER", with: folder.path)
    let problem = #expect(throws: Problem.self) { try read(text) }
    #expect(problem?.description == expected)
    #expect(problem?.kind == .configuration)
  }

  @Test(arguments: [
    ("a: &x 1\nroots: *x\n", "yaml-anchor"), ("roots: !!seq []\n", "yaml-tag"),
    ("roots: [\n", "yaml-syntax"), ("<<: {}\n", "yaml-merge-key"),
    ("seed: 1\nseed: 2\n", "yaml-duplicate-key"), ("roots: [{path: yes}]\n", "wrong-type"),
    ("", "wrong-type"),
  ])
  func refusesWhatYAMLReadersDisagreeAbout(text: String, code: String) throws {
    let problem = #expect(throws: Problem.self) { try read(text) }
    #expect(problem?.code == code)
    #expect(problem?.place.hasPrefix(folder.path + "/config.yaml:") == true)
    #expect(problem?.kind == .configuration)
  }

  @Test(arguments: ["state", "reports"])
  func refusesFoldersThatEveryoneMayWriteInto(key: String) throws {
    try folder.folder("open")
    #expect(chmod(folder.path + "/open", 0o777) == 0)
    let text = "roots: [{path: runs}]\n\(key): open\n"
    let problem = #expect(throws: Problem.self) { try read(text) }
    #expect(
      problem?.description
        == "insecure-folder: \(folder.path)/config.yaml:2:\(key.count + 3): everyone may write into "
        + "the \(key) folder \(folder.path)/open; chmod o-w it, or say allow_insecure_dirs: true")
    #expect(problem?.kind == .configuration)
    _ = try read(text + "allow_insecure_dirs: true\n")
    #expect(chmod(folder.path + "/open", 0o1777) == 0)
    _ = try read(text)
  }

  @Test func findsTheProgramThatIsToldOfAlerts() throws {
    func command(_ words: String) throws -> AlertCommand? {
      try read("roots: [{path: runs}]\nalerts: {command: \(words)}\n").alerts
    }
    func code(_ words: String) -> String? {
      do { _ = try command(words) } catch { return (error as? Problem)?.code }
      return nil
    }
    try folder.text("tell", "#!/bin/sh\n")
    #expect(code("[tell]") == "command-missing")
    #expect(chmod(folder.path + "/tell", 0o755) == 0)
    #expect(
      try command("[tell, a b]")
        == AlertCommand(
          executable: folder.path + "/tell", arguments: ["a b"],
          timeoutSeconds: AlertCommand.standardTimeoutSeconds))
    #expect(code("[]") == "no-command")
    #expect(code("tell") == "wrong-type")
    #expect(code("[sh]") == "command-missing")
    #expect(code("[runs]") == "command-missing")
    #expect(chmod(folder.path + "/tell", 0o757) == 0)
    #expect(code("[tell]") == "insecure-command")
    // Whoever writes checkpoints could put something else there.
    #expect(chmod(folder.path + "/tell", 0o755) == 0)
    try folder.text("runs/inner/tell", "#!/bin/sh\n")
    #expect(chmod(folder.path + "/runs/inner/tell", 0o755) == 0)
    try folder.link("there", to: "runs/inner/tell")
    try folder.link("runs/here", to: folder.path + "/tell")
    for place in ["runs/inner/tell", "there", "runs/here"] {
      #expect(code("[\(place)]") == "command-inside-root", "\(place)")
    }
  }

  @Test func sparesSiblingsWithTheSameBeginning() throws {
    let configuration = try read("roots: [{path: runs}, {path: runs10}]\nreports: runs1\n")
    #expect(configuration.roots.count == 2)
  }

  /// The example as it is, and with every default written out: the same configuration.
  @Test func readsTheExample() throws {
    let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(
      contentsOf: top.appendingPathComponent("etc/config.yaml"), encoding: .utf8)
    let plain = try read(text)
    let keys = [
      "state:", "reports:", "scan:", "  interval_seconds:", "  settle_seconds:",
      "  incomplete_after_seconds:", "  max_depth:", "  max_entries:", "worker:",
      "  memory_limit_mebibytes:", "  timeout_seconds:", "  threads:", "labels: auto", "draws:",
      "seed:", "tolerance_nats:", "log_level:",
    ]
    // The first of each: one that is told of alerts need not be there.
    var left = keys
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard let key = left.firstIndex(where: { line.hasPrefix("# " + $0) }) else {
        return String(line)
      }
      left.remove(at: key)
      return String(line.dropFirst(2))
    }
    #expect(left.isEmpty)
    let full = try read(lines.joined(separator: "\n"))
    #expect(full.state == plain.state)
    #expect(full.reports == plain.reports)
    #expect(full.scan.intervalSeconds == plain.scan.intervalSeconds)
    #expect(full.scan.incompleteAfterSeconds == plain.scan.incompleteAfterSeconds)
    #expect(full.scan.maxDepth == plain.scan.maxDepth)
    #expect(full.scan.maxEntries == plain.scan.maxEntries)
    #expect(full.worker.memoryLimitMebibytes == plain.worker.memoryLimitMebibytes)
    #expect(full.worker.timeoutSeconds == plain.worker.timeoutSeconds)
    #expect(full.labels == plain.labels)
    #expect(full.logLevel == plain.logLevel)
    #expect(full.scan.settleSeconds == 5)
  }

  @Test func saysThatThereIsNoFile() {
    let path = folder.path + "/none.yaml"
    let problem = #expect(throws: Problem.self) { try Configuration.load(path) }
    #expect(
      problem?.description
        == "config-missing: \(path): there is no such file; "
        + "write one; etc/config.yaml of the sources is an example with every key")
    #expect(problem?.kind == .configuration)
  }

  @Test func readsALinkedFile() throws {
    try folder.text("real.yaml", "roots: [{path: runs}]\n")
    try folder.link("link.yaml", to: "real.yaml")
    let configuration = try Configuration.load(folder.path + "/link.yaml")
    #expect(configuration.roots.map(\.path) == [folder.path + "/runs"])
  }
}

@Suite struct RunSettingsTests {
  let folder: TestFolder

  init() throws {
    folder = try TestFolder()
    try folder.folder("run/probe")
    try folder.folder("shared")
  }

  private func load() throws -> RunSettings {
    try RunSettings.load(
      runDirectory: folder.path + "/run", probes: ["shared": folder.path + "/shared"],
      within: folder.path)
  }

  /// Whoever may write checkpoints may not have the daemon read what it alone can.
  @Test func theRunsOwnProbeLiesInTheRoot() throws {
    let outside = try TestFolder()
    try outside.folder("probe")
    try outside.text("secret", "x")
    func code(_ text: String) throws -> String? {
      try folder.text("run/plasticity.yaml", "probe: \(text)\n")
      do { _ = try load() } catch let problem as Problem { return problem.code }
      return nil
    }
    #expect(try code(outside.path + "/probe") == "probe-outside")
    try folder.link("run/linked", to: outside.path + "/probe")
    #expect(try code("linked") == "probe-outside")
    try folder.text("run/real", "y")
    try folder.link("run/probe/graph.onnx", to: "../real")
    #expect(try code("probe") == nil)
    try folder.link("run/probe/weights.data", to: outside.path + "/secret")
    #expect(try code("probe") == "probe-outside")
    // What the configuration names is the administrator's.
    try folder.link("shared/graph.onnx", to: outside.path + "/secret")
    #expect(try code("shared") == nil)
  }

  /// Lightning's checkpoints lie in a folder of the run's.
  @Test func theFolderAboveSpeaksForCheckpoints() throws {
    try folder.folder("run/checkpoints/probe")
    try folder.folder("run/other")
    try folder.text("run/plasticity.yaml", "probe: probe\n")
    func probe(_ place: String, within root: String) throws -> String? {
      try RunSettings.load(
        runDirectory: folder.path + "/" + place, probes: [:], within: folder.path + root
      ).probe
    }
    #expect(try probe("run/checkpoints", within: "") == folder.path + "/run/probe")
    #expect(try probe("run/other", within: "") == nil)
    // Not from outside of what is watched.
    #expect(try probe("run/checkpoints", within: "/run/checkpoints") == nil)
    try folder.text("run/checkpoints/plasticity.yaml", "probe: probe\n")
    #expect(try probe("run/checkpoints", within: "") == folder.path + "/run/checkpoints/probe")
  }

  @Test func nothingIsSaidWithoutAFile() throws {
    #expect(try load() == RunSettings())
    try folder.text("run/plasticity.yaml", "# nothing yet\n")
    #expect(try load() == RunSettings())
  }

  @Test func readsEverything() throws {
    try folder.text(
      "run/plasticity.yaml",
      "probe: probe\nname: a/b\nlabels: exact\nbatch_size: 32\nbeta1: 0.9\nbeta2: 0.95\n"
    )
    var settings = RunSettings()
    settings.probe = folder.path + "/run/probe"
    settings.name = "a/b"
    settings.labels = .exact
    settings.training.batchSize = 32
    (settings.training.beta1, settings.training.beta2) = (0.9, 0.95)
    #expect(try load() == settings)
    try folder.text("run/plasticity.yaml", "probe: shared\n")
    #expect(try load().probe == folder.path + "/shared")
  }

  @Test func tellsMistakes() throws {
    try folder.text("run/plasticity.yaml", "prob: x\n")
    let file = folder.path + "/run/plasticity.yaml"
    let problem = #expect(throws: Problem.self) { try load() }
    #expect(
      problem?.description
        == "unknown-key: \(file):1:1: the key \"prob\" is not known here; did you mean \"probe\"?")
    try folder.text("run/plasticity.yaml", "")
    let empty = #expect(throws: Problem.self) { try load() }
    #expect(
      empty?.description
        == "empty-settings: \(file): the file is empty; "
        + "write a comment into it if nothing is to be said, or remove it")
    try folder.remove("run/plasticity.yaml")
    #expect(mkfifo(file, 0o600) == 0)
    #expect(throws: Problem.self) { try load() }
  }
}
