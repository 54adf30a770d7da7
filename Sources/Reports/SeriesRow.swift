// What the daemon keeps of one checkpoint to judge its run: a document of our own, stored in the
// ledger beside the entry, never shown.

/// One checkpoint as the run's series sees it.
public struct SeriesRow: Document {
  /// `plasticityd/series/v1`.
  public static var schema: String { "plasticityd/series/v1" }

  /// Content digest, with `@` and the step where the run has that content at another step too.
  public var digest: String
  /// Where the step was found, as the report has it.
  public var stepSource: String?
  /// Where the checkpoint was.
  public var path: String
  /// The report's file name, beside run.yaml.
  public var report: String
  /// The optimizer step, if known.
  public var step: Int?
  /// The epoch, if known.
  public var epoch: Double?
  /// The learning rate, if known.
  public var learningRate: Double?
  /// On the probe, else as the training logged it, nats.
  public var loss: Double?
  /// As the training logged it, nats.
  public var loggedLoss: Double?
  /// On the probe, 0…1.
  public var accuracy: Double?
  /// Mean Σ p(1−p).
  public var confidence: Double?
  /// Mean entropy of the prediction, bits: what later traces are tempered to.
  public var entropyBits: Double?
  /// H(Y) of the probe's targets, bits: the loss of knowing nothing but how often each occurs.
  public var targetEntropyBits: Double?
  /// tr F at the entropy of the reference checkpoint.
  public var temperedTrace: Double?
  /// That entropy, bits.
  public var referenceEntropyBits: Double?
  /// E‖∂z/∂w‖²/C.
  public var jacobianTrace: Double?
  /// Σ F_ii w_i².
  public var scaleFreeTrace: Double?
  /// tr F.
  public var fisherTrace: Quantity?
  /// Code length at the tolerance, bits.
  public var informationBits: Double?
  /// CKA along the graph's connections, in the report's order.
  public var connectionCka: [Double?]?
  /// ‖w‖ of the whole network; nil where weights are not finite.
  public var weightNorm: Double?
  /// Probe, labels, draws and seed: rows are comparable only when these agree.
  public var probe: String?
  /// Why it was not measured with the probe that was given.
  public var probeProblem: String?
  /// Why its optimizer's moments were not used.
  public var momentsProblem: String?
  /// The layers, in the report's order.
  public var layers: [SeriesLayer]
  /// What later rows are compared with.
  public var kept: KeptEvidence

  /// How trainers call the loss on the data that they train on, the usual name first.
  private static let lossNames = [
    "loss", "train_loss", "train/loss", "training_loss", "loss/train", "train_loss_epoch",
    "train/loss_epoch",
  ]

  /// The row of a report that carries kept evidence; nil for one without.
  public init?(_ report: CheckpointReport, reportName: String) {
    guard let kept = report.kept else { return nil }
    self.kept = kept
    self.report = reportName
    digest = report.checkpoint.digest
    path = report.checkpoint.path
    step = report.checkpoint.step
    stepSource = report.checkpoint.stepSource
    epoch = report.checkpoint.epoch
    learningRate = report.checkpoint.learningRate
    loggedLoss = Self.lossNames.lazy.compactMap { report.checkpoint.metrics[$0]?.value }.first
    loss = report.performance?.loss.value ?? loggedLoss
    accuracy = report.performance?.accuracy?.value
    confidence = report.information?.confidence.value
    entropyBits = report.performance?.entropyBits?.value
    if let usable = report.performance?.usableInformationBits?.value,
      let loss = report.performance?.loss.value
    {
      targetEntropyBits = usable + loss / 0.693_147_180_559_945_3
    }
    temperedTrace = report.information?.temperedTrace?.value
    referenceEntropyBits = report.information?.referenceEntropyBits
    jacobianTrace = report.information?.jacobianTrace.value
    scaleFreeTrace = report.information?.scaleFreeTrace.value
    fisherTrace = report.information?.fisherTrace
    connectionCka = report.flow.flatMap { flow in
      flow.connections.isEmpty ? nil : flow.connections.map(\.cka.value)
    }
    informationBits = report.information?.informationBits.value
    probe = report.probe.map {
      // Under a budget examples and draws differ, of one probe: its estimates remain comparable.
      let draws = $0.of == nil ? $0.draws ?? 0 : 0
      return "\($0.digest) \($0.labels) \(draws) \($0.seed) \($0.of ?? $0.examples)"
    }
    probeProblem = report.skipped.first { $0.name == "probe" }?.reason
    momentsProblem =
      report.skipped.first { $0.name == "optimizer" }?.reason
      ?? report.findings.first {
        // Those that there are: momentum alone is no evidence, and no fault.
        $0.code == "no-moments" && $0.text.contains("moments are not used")
      }?.text
    layers = report.layers.map { layer in
      SeriesLayer(
        name: layer.name, fisherTrace: layer.fisherTrace,
        squaredNorm: layer.tensors.reduce(0) { sum, tensor in
          let norm = tensor.frobeniusNorm.value ?? 0
          return sum + norm * norm
        })
    }
    let areFinite = report.layers.allSatisfy { layer in
      layer.tensors.allSatisfy { $0.frobeniusNorm.value != nil }
    }
    weightNorm = areFinite ? layers.reduce(0) { $0 + $1.squaredNorm }.squareRoot() : nil
  }
}

/// One layer of a row.
public struct SeriesLayer: Codable, Sendable, FlowStyled {
  /// The module's name.
  public var name: String
  /// tr F of the layer.
  public var fisherTrace: Quantity?
  /// ‖w_l‖².
  public var squaredNorm: Double

  /// Creates a layer.
  public init(name: String, fisherTrace: Quantity?, squaredNorm: Double) {
    self.name = name
    self.fisherTrace = fisherTrace
    self.squaredNorm = squaredNorm
  }
}
