import Foundation
import Pipeline
import TestSupport
import Testing

@Suite struct ProbePlacesTests {
  @Test func linkedFilesMayBeReadAndLinkedFoldersMayNot() throws {
    let folder = try TestFolder()
    try folder.file("large/graph.onnx")
    try folder.file("large/secret")
    try folder.file("probe/batch.npz")
    try folder.link("probe/graph.onnx", to: "../large/graph.onnx")
    try folder.link("probe/all", to: "../large")
    try folder.link("probe/nowhere", to: "../nothing")
    #expect(
      ProbeDefinition.places(of: folder.path + "/probe") == [
        folder.path + "/probe", folder.path + "/large/graph.onnx",
      ])
    // A folder that cannot be listed is named all the same: who opens it says what is wrong.
    #expect(ProbeDefinition.places(of: folder.path + "/none") == [folder.path + "/none"])
  }
}
