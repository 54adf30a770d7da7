// What is measured of each tensor while the checkpoint is surveyed: one pass over the file.

import Checkpoints
import Diagnostics
import Information
import Reports
import Tensors
import Threads

/// What the elements of one tensor gave.
struct WeightFigures: Sendable {
  /// Of the matrix that stands for its layer.
  var spectrum: Spectrum?
  /// Of a parameter whose movement will be measured.
  var projection: RandomProjection?
}

/// Measures one tensor.
struct WeightMeter: BlockMeter {
  private var spectrum: SpectrumMeter?
  private var projection: ProjectionMeter?
  private let kept: Int
  private let reservation: MemoryGate.Reservation?

  /// Buckets of a parameter's projection: 3.1 % error of ‖ΔW‖.
  private static let projectionWidth = 512

  /// - Parameter matrix: the tensor's shape as a matrix whose spectrum is measured; nil to measure none.
  init(_ tensor: StoredTensor, matrix: Shape?, projects: Bool, gate: MemoryGate) {
    let bytes = matrix.map { SpectrumMeter.bytes($0) } ?? (arriving: 0, kept: 0)
    kept = bytes.kept
    reservation = bytes.arriving > 0 ? gate.reserve(bytes.arriving) : nil
    spectrum = matrix.map { SpectrumMeter(shape: $0) }
    projection =
      projects
      ? ProjectionMeter(
        count: tensor.shape.count, seed: KeptProjection.seed(ofParameter: tensor.name),
        width: Self.projectionWidth) : nil
  }

  mutating func add(_ elements: UnsafeBufferPointer<Float>) {
    spectrum?.add(elements)
    projection?.add(elements)
  }

  mutating func result() -> WeightFigures {
    let (reservation, kept) = (reservation, kept)
    return WeightFigures(
      spectrum: spectrum?.spectrum { reservation?.shrink(to: kept) },
      projection: projection?.projection())
  }
}

extension Checkpoint {
  /// Surveys the checkpoint and measures its weights on the way.
  ///
  /// - Parameters:
  ///   - spectra: whether the largest matrix of each layer is decomposed.
  ///   - projections: whether what later checkpoints are compared with is kept.
  func survey(
    _ inventory: LayerInventory, spectra: Bool, projections: Bool, threads: Int
  ) throws(Problem) -> (survey: Survey, figures: [WeightFigures]) {
    let matrices = spectra ? Set(inventory.layers.compactMap { largestMatrix(of: $0) }) : []
    let parameters = projections ? Set(inventory.layers.flatMap(\.tensors)) : []
    let largest = tensors.map(\.shape.count).max() ?? 0
    // 4 times the largest tensor and 64 MiB is the whole process's bound, the program included.
    let gate = MemoryGate(bytes: 4 * largest * MemoryLayout<Float>.stride + (16 << 20))
    let (tensors, unitsLast) = (tensors, hasUnitsLast)
    // Their spectra follow from their factors.
    let thin = matrices.filter { index in
      factors(of: tensors[index]).map { Spectrum.hasThinFactors($0.left.shape, $0.right.shape) }
        ?? false
    }
    let (survey, measured) = try survey(threads: threads) { index in
      WeightMeter(
        tensors[index],
        matrix: matrices.contains(index) && !thin.contains(index)
          ? tensors[index].matrix(unitsLast: unitsLast) : nil,
        projects: parameters.contains(index), gate: gate)
    }
    var figures = measured
    for index in thin {
      guard let factors = factors(of: tensors[index]) else { continue }
      figures[index].spectrum = Spectrum(
        left: try read(factors.left), right: try read(factors.right), scale: factors.scale)
    }
    return (survey, figures)
  }

  /// The index of the matrix whose spectrum stands for a layer: its largest, nil when it has none.
  func largestMatrix(of layer: LayerInventory.Layer) -> Int? {
    var largest: Int?
    for index in layer.tensors where tensors[index].shape.rank >= 2 {
      if let known = largest, tensors[known].shape.count >= tensors[index].shape.count { continue }
      largest = index
    }
    return largest.flatMap { tensors[$0].shape.count > 0 ? $0 : nil }
  }
}

extension StoredTensor {
  /// The tensor's shape as the matrix that it multiplies by: units against all that a unit sums over.
  fileprivate func matrix(unitsLast: Bool) -> Shape {
    guard unitsLast, shape.rank >= 3, shape.count > 0 else { return shape }
    let units = shape.dimensions[unitAxes(unitsLast: true)].reduce(1, *)
    return Shape([shape.count / units, units])
  }
}
