// Every fixture against what PyTorch and NumPy read from it.
import Diagnostics
import Tensors
import Testing

@testable import Checkpoints

@Suite struct GoldenTests {
  static let files = ((try? Fixture.expected())?.files.keys.sorted()) ?? []

  @Test func fixturesAreThere() { #expect(Self.files.count == 17) }

  @Test(arguments: files) func tensorsAsInPyTorch(name: String) throws {
    let expected = try #require(try Fixture.expected().files[name])
    let checkpoint = try Checkpoint.open(Fixture.path(name))
    let survey = try checkpoint.survey()
    let names = checkpoint.tensors.map { Array($0.name.utf8) }
    if expected.sorted == true {
      #expect(Set(names) == Set(expected.tensors.map { Array($0.name.utf8) }))
    } else {
      #expect(names == expected.tensors.map { Array($0.name.utf8) })
    }
    for truth in expected.tensors {
      let index = try #require(names.firstIndex(of: Array(truth.name.utf8)))
      let (tensor, summary) = (checkpoint.tensors[index], survey.summaries[index])
      #expect(tensor.shape.dimensions == truth.shape, "\(truth.name)")
      #expect(tensor.type.rawValue == truth.type)
      #expect(summary.nanCount == truth.nan)
      #expect(summary.infiniteCount == truth.infinite)
      // Both are float64 sums of a few terms: 1e-14 is rounding in another order.
      #expect(close(summary.sumSquares, truth.sumSquares, 1e-14), "\(truth.name)")
      #expect(close(summary.sumAbsolute, truth.sumAbsolute, 1e-14), "\(truth.name)")
      let values = try checkpoint.read(tensor).values
      #expect(values.count == truth.shape.reduce(1, *))
      // Bit for bit, with NaN equal to NaN and −0 unlike 0.
      let bits = try truth.values.map { try #require(Float($0)) }.map(pattern)
      #expect(values.prefix(24).map(pattern) == bits, "\(truth.name)")
      // The same in blocks that end in the middle of rows.
      var streamed: [Float] = []
      try checkpoint.forEachBlock(of: tensor, elements: 5) { streamed += $0 }
      #expect(streamed.map(pattern) == values.map(pattern), "\(truth.name)")
      #expect(tensor.sharedWith == expected.shared?[truth.name])
    }
    let areFinite = zip(checkpoint.tensors, survey.summaries).allSatisfy { tensor, summary in
      tensor.isBuffer || summary.nanCount + summary.infiniteCount == 0
    }
    #expect(survey.findings.map(\.code) == (areFinite ? [] : ["weights-not-finite"]))
    #expect(survey.digest == expected.digest)
    #expect(try checkpoint.verifyUnchanged() == .unchanged)
  }

  @Test(arguments: files) func factsAsSaved(name: String) throws {
    let expected = try #require(try Fixture.expected().files[name])
    let checkpoint = try Checkpoint.open(Fixture.path(name))
    #expect(checkpoint.format == expected.format)
    #expect(checkpoint.stateDictPath == expected.dict)
    #expect(checkpoint.step == expected.step)
    #expect(checkpoint.stepSource == expected.stepSource)
    #expect(checkpoint.epoch == expected.epoch)
    #expect(checkpoint.learningRate == expected.lr)
    #expect(checkpoint.batchSize == expected.batch)
    #expect(checkpoint.gradientClipping == expected.clip)
    #expect(checkpoint.metrics == expected.metrics ?? [:])
    #expect(checkpoint.findings.map(\.code) == expected.findings)
  }

  @Test(arguments: files) func momentsBelongToTheirParameters(name: String) throws {
    let expected = try #require(try Fixture.expected().files[name])
    let checkpoint = try Checkpoint.open(Fixture.path(name))
    let truth = expected.moments ?? []
    guard !truth.isEmpty else {
      #expect(checkpoint.moments == nil)
      return
    }
    let moments = try #require(checkpoint.moments)
    #expect(moments.kind == expected.kind ?? "adam")
    #expect(moments.beta1 == expected.betas?[0])
    #expect(moments.beta2 == expected.betas?[1])
    #expect(moments.elementType == .float32)
    #expect(moments.flags == [])
    #expect(moments.entries.map(\.parameter) == truth.map(\.parameter))
    for (entry, truth) in zip(moments.entries, truth) {
      let second = try checkpoint.summary(of: entry.secondMoment).sum
      #expect(close(second, truth.second, 1e-14), "\(truth.parameter)")
      if let first = truth.first {
        let read = try checkpoint.summary(of: try #require(entry.firstMoment)).sum
        #expect(close(read, first, 1e-13), "\(truth.parameter)")
      } else {
        #expect(entry.firstMoment == nil)
      }
    }
  }

  @Test func momentsAreSurveyedInOnePass() throws {
    let checkpoint = try Checkpoint.open(Fixture.path("checkpoint-30"))
    let moments = try #require(checkpoint.moments)
    let survey = try #require(try checkpoint.surveyMoments(threads: 2))
    for (index, entry) in moments.entries.enumerated() {
      let second = try checkpoint.summary(of: entry.secondMoment)
      #expect(survey.second[index].sum == second.sum)
      let first = try checkpoint.summary(of: try #require(entry.firstMoment))
      #expect(survey.first[index]?.sumSquares == first.sumSquares)
    }
    #expect(survey.findings == [])
    let one = try Checkpoint.open(Fixture.path("adagrad.pt"))
    #expect(try one.surveyMoments()?.first.allSatisfy { $0 == nil } == true)
    let none = try Checkpoint.open(Fixture.path("module.pt")).surveyMoments()
    #expect(none == nil)
  }

  @Test func digestIsTheSameInAnyContainer() throws {
    // safetensors sorts its tensors, lies them out row-major and saves ties twice.
    let zip = try Checkpoint.open(Fixture.path("zoo.pt")).digest()
    let flat = try Checkpoint.open(Fixture.path("zoo.safetensors")).digest()
    #expect(zip == flat)
    let folder = try Checkpoint.open(Fixture.path("checkpoint-30")).digest()
    #expect(try Checkpoint.open(Fixture.path("sharded")).digest() == folder)
    #expect(try Checkpoint.open(Fixture.path("pickled")).digest() == folder)
    #expect(folder != flat)
  }

  private func close(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    a == b || abs(a - b) <= tolerance * max(abs(a), abs(b))
  }

  private func pattern(_ value: Float) -> UInt32 { value.isNaN ? 0x7FC0_0000 : value.bitPattern }
}
