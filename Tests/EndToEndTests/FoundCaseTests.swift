// Inputs that once ended a parser, and the hostile corpus, through every fuzz target: a crash ends
// the test process.

import Foundation
import FuzzTargets
import HostileCorpus
import Testing

@Suite struct FoundCaseTests {
  @Test(arguments: FuzzTarget.all.map(\.name)) func foundCases(_ name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    let folder = Fixtures.root.appending(path: "found/\(name)").path
    let cases = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for file in cases.sorted() {
      target.run(Array(try Data(contentsOf: URL(filePath: "\(folder)/\(file)"))))
    }
    // Any parser may be given what was meant for another.
    for input in HostileInput.all {
      for case (_, .bytes(let bytes)) in input.files where bytes.count <= 1 << 16 {
        target.run(bytes)
      }
    }
  }
}
