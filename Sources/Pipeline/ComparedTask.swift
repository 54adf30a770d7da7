// One side of a comparison of tasks: a checkpoint's weights, the curvature in them, its embedding.

import Checkpoints
import Diagnostics
import Information
import Reports
import Tensors

/// A checkpoint as a task.
struct ComparedTask {
  let network: CurvedNetwork
  let information: Measured<WeightInformation>
  let embedding: TaskEmbedding
  let evidence: String
  let findings: [FindingReport]
  private let path: String
  private let digest: String
  private let step: Int?
  private let probe: ProbeIdentity?

  init(_ path: String, _ request: ProbeRequest) throws(Problem) {
    let checkpoint = try Checkpoint.open(path)
    let survey = try checkpoint.survey()
    self.path = checkpoint.path
    digest = survey.digest
    step = checkpoint.step
    let tolerance: Double
    if let definition = request.probe {
      let bound = try BoundNetwork(definition, checkpoint, request)
      var estimator = bound.estimator(request)
      estimator.measuresEmpirical = false
      estimator.measuresJacobian = false
      estimator.keepsRecordings = false
      let estimate = try bound.estimate(estimator)
      network = try CurvedNetwork(bound, estimate)
      evidence = "probe"
      findings = []
      probe = ProbeIdentity(definition, estimate, isLimited: request.isLimited)
      tolerance = request.toleranceNats ?? definition.settings.toleranceNats
      information = WeightInformation.at(toleranceNats: tolerance, layers: network.weightedLayers)
    } else {
      let curvature = try MomentCurvature(checkpoint, request.training)
      network = curvature.network
      evidence = "optimizer"
      findings = curvature.findings
      probe = nil
      tolerance = request.toleranceNats ?? ProbeSettings().toleranceNats
      information =
        curvature.isPerExample
        ? WeightInformation.at(toleranceNats: tolerance, layers: network.weightedLayers)
        : .absent("the training batch size is not known; give --batch-size")
    }
    embedding = TaskEmbedding(network, information: information.value)
    try checkpoint.verifyUnchanged()
  }

  /// As the report names it.
  var end: DistanceEnd {
    DistanceEnd(
      path: path, digest: digest, step: step, probe: probe,
      informationBits: Quantity(information.map(\.informationBits)),
      fromTrivial: Quantity(fromTrivial()))
  }

  /// The filters of one layer, or of all.
  func layers(_ name: String? = nil) -> [TaskEmbedding.Layer] {
    embedding.layers.filter { name == nil || $0.name == name }
  }

  /// The distance of one layer's task, or of all, from the trivial one.
  func fromTrivial(_ name: String? = nil) -> Measured<Double> {
    if let reason = information.reason { return .absent(reason) }
    return TaskDistance.fromTrivial(layers(name))
  }
}

extension CurvedNetwork {
  /// A probe's estimate, under the checkpoint's names.
  init(_ bound: BoundNetwork, _ estimate: FisherEstimate) throws(Problem) {
    var parameters: [Parameter] = []
    for parameter in estimate.parameters {
      guard let weights = bound.weights[parameter.name], let diagonal = parameter.diagonal,
        weights.values.count == diagonal.count
      else {
        throw Problem(
          "bad-network", at: bound.checkpointName(parameter.name), "its diagonal was not measured",
          remedy: "report this: it is a defect of plasticityd", kind: .software)
      }
      parameters.append(
        Parameter(
          name: bound.checkpointName(parameter.name), layer: parameter.layer,
          shape: parameter.shape, weights: weights.values, curvature: diagonal))
    }
    self.init(
      layers: bound.layerNames(estimate), parameters: parameters,
      curvatureScale: 1 / estimate.positions)
  }
}
