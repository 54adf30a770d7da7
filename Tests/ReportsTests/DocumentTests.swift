import Diagnostics
import Reports
import Testing

@Suite struct DocumentTests {
  static let nastyNames = [
    "yes", "1e3", "a: b", "line\nbreak", "esc\u{1B}[2J", "null", "~", "", " lead", "- x", "#",
    "0x10",
    "1:30", "é", "e\u{301}", "\u{202E}", "2026-01-01", "!!python/object", "*a", "&a", "'", "\"",
  ]

  static func report(names: [String]) -> CheckpointReport {
    var report = CheckpointReport(
      run: "run: 1",
      checkpoint: CheckpointIdentity(
        path: "a b.pt", format: "pytorch-zip", bytes: 12, digest: "00ff", step: 128,
        stepSource: "global_step", epoch: nil, learningRate: 1e-5, parameters: 3, stateDict: "",
        written: Moment(unixSeconds: 1_767_225_600),
        metrics: ["b": .exact(1), "a": Quantity(.infinity)]),
      evidence: ["weights"], took: CostReport(seconds: 0.5, peakMemoryBytes: 1))
    report.layers = [
      LayerReport(
        name: "l", kind: nil, parameters: 3,
        tensors: names.map {
          TensorReport(name: $0, shape: [3, 0], type: "float32", frobeniusNorm: .exact(1e-9))
        })
    ]
    report.information = NetworkInformation(
      fisherTrace: .estimate(774.03, standardError: 61.2), empiricalFisherTrace: .exact(2),
      confidence: Quantity(.nan), jacobianTrace: Quantity(.nan), scaleFreeTrace: .exact(1e22),
      toleranceNats: 0.01)
    report.information?.informationBits = .exact(3)
    report.information?.beta = .exact(1e-300)
    report.information?.curve = [
      CurvePoint(
        toleranceNats: 0.001, informationBits: .exact(4),
        measuredLossRise: .estimate(0.002, standardError: 0.0001), measuredAccuracyDrop: nil)
    ]
    report.kept = KeptEvidence(
      fisherPerExample: nil, examples: nil,
      moments: KeptMoments(
        beta2: 0.999, updates: 3, lowPrecision: false, sums: [1, nil], elements: [2, 0]),
      projections: [
        KeptProjection(
          name: names[0], layer: 0, count: 4, square: 1.25,
          values: PackedFloats([1, -0.5, .greatestFiniteMagnitude, .leastNonzeroMagnitude]))
      ])
    return report
  }

  @Test func namesAndNumbersSurviveTheRoundTrip() throws {
    let written = try Self.report(names: Self.nastyNames).yaml()
    let read = try CheckpointReport(yaml: written, path: "r.yaml")
    #expect(
      read.layers[0].tensors.map(\.name).map { Array($0.utf8) }
        == Self.nastyNames.map { Array($0.utf8) })
    #expect(read.information?.fisherTrace == .estimate(774.03, standardError: 61.2))
    #expect(read.information?.jacobianTrace == .absent(reason: "not finite"))
    #expect(read.information?.confidence == .absent(reason: "not finite"))
    #expect(read.checkpoint.learningRate == 1e-5)
    #expect(read.information?.beta == .exact(1e-300))
    #expect(
      read.kept?.projections[0].values.values == [
        1, -0.5, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
      ])
    #expect(read.kept?.moments?.sums == [1, nil])
    #expect(read.checkpoint.written.text == "2026-01-01T00:00:00Z")
    #expect(read.checkpoint.metrics == ["b": .exact(1), "a": .absent(reason: "not finite")])
    #expect(try read.yaml() == written)
  }

  @Test func readsLikeTheOutline() throws {
    let text = String(decoding: try Self.report(names: ["conv1.weight"]).yaml(), as: UTF8.self)
    #expect(text.hasPrefix("schema: plasticityd/checkpoint/v1\nrun: \"run: 1\"\n"))
    #expect(text.contains("  fisher_trace: {value: 774.03, standard_error: 61.2}\n"))
    #expect(text.contains("  written: 2026-01-01T00:00:00Z\n"))
    #expect(text.contains("shape: [3, 0]"))
    #expect(!text.contains("nan") && !text.contains("inf\n"))
  }

  @Test func saysWhichFieldIsWrong() {
    let bytes = Array("schema: plasticityd/rejected/v1\nrun: a\nstatus: rejected\npath: [1]\n".utf8)
    #expect {
      try RejectedReport(yaml: bytes, path: "x.yaml")
    } throws: { error in
      "\(error)"
        == "wrong-document: x.yaml: path: expected a string, found a sequence; "
        + "the file was not written by this version; measure the checkpoint again"
    }
    #expect {
      try RunReport(yaml: bytes, path: "x.yaml")
    } throws: { error in ("\(error)" as String).hasPrefix("wrong-schema: x.yaml: ") }
  }

  @Test(arguments: [
    (
      #"[{"step": 1, "fisher_trace": "high"}]"#,
      "[0].fisher_trace: expected a number, found a string"
    ),
    (
      #"[{"step": 1, "fisher_trace": 2}, {"step": 2, "fisher_trace": 2, "tensors": {"myLayer.W": true}}]"#,
      "[1].tensors.myLayer.W: expected a number, found a boolean"
    ),
  ])
  func namesTheFieldAsTheFileSpellsIt(_ json: String, _ expected: String) {
    #expect {
      try SeriesFile(json: Array(json.utf8), path: "series.json")
    } throws: { error in
      ("\(error)" as String).hasPrefix("wrong-document: series.json: \(expected); ")
    }
  }

  @Test(arguments: [
    ("\"step\": -5", "its step is -5"),
    ("\"step\": 1, \"fisher_trace\": -2", "its fisher_trace is -2.0"),
    ("\"step\": 1, \"train_accuracy\": 65", "its train_accuracy is 65.0, and not between 0 and 1"),
  ]) func rowsThatCannotBeAreRefused(row: String, what: String) {
    let json = "[{\"step\": 0}, {\(row)}]"
    let problem = #expect(throws: Problem.self) {
      try SeriesFile(json: Array(json.utf8), path: "series.json")
    }
    #expect(problem?.description.hasPrefix("impossible-row: series.json: row 2: \(what); ") == true)
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"),
    (-1, "1969-12-31T23:59:59Z"), (4_102_444_799, "2099-12-31T23:59:59Z"),
  ])
  func moments(_ seconds: Int, _ text: String) {
    #expect(Moment(unixSeconds: seconds).text == text)
  }
}
