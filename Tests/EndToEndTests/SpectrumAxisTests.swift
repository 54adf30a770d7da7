// Which way a kernel is a matrix: Keras and JAX write [k…, in, out], PyTorch [out, in, k…].

import Foundation
import Pipeline
import Reports
import Testing

@Suite struct SpectrumAxisTests {
  @Test func unitsOfAKerasKernelAreItsLastAxis() throws {
    let fixture = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../CheckpointsTests/Fixtures/keras/model.keras").standardized
    let report = try probe(fixture.path, ProbeRequest())
    let kernel = try #require(
      report.layers.first { $0.tensors.contains { $0.shape == [3, 3, 1, 3] } })
    // numpy.linalg.svd of the kernel [3, 3, 1, 3] as [9, 3] in float64.
    let spectrum = try #require(kernel.spectrum)
    #expect(abs(try #require(spectrum.spectralNorm.value) - 0.90429154) < 1e-6)
    #expect(abs(try #require(spectrum.stableRank.value) - 1.71321974) < 1e-6)
  }
}
