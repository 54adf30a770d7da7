/// The thresholds of the rule; each is dimensionless or in log-step time, so that it means the same
/// in every run. The defaults follow measurements.md §7 but were chosen with few labelled runs in sight:
/// the error of the decided end on those runs is therefore no estimate of the error on others.
public struct PeriodSettings: Sendable, Hashable {
  /// Shares faster than this are fluid, in bits (Jensen–Shannon) per doubling of the step. Half of
  /// what is usual from checkpoint to checkpoint, because averaging takes noise out of the speed.
  public var fluidBitsPerDoubling = 0.005
  /// Checkpoints closer than this, in doublings of the step, are averaged before shares are compared.
  public var shortestSpanDoublings = 0.1
  /// A closed period reopens when shares move this many times faster than the fluid threshold.
  public var reopeningFactor = 2.0
  /// How long shares must have been quiet before the period is closed, in doublings of the step.
  public var quietDoublings = 0.5
  /// How many quiet steps from checkpoint to checkpoint that takes at least.
  public var quietTransitions = 3
  /// How far the labelled ends of adaptive runs scatter around the freeze of their shares, in doublings.
  public var sharesEndDeviation = 2.0
  /// An end less likely than this is not said.
  public var leastProbability = 0.5
  /// Information rising faster than this is still being acquired: exponent of the step.
  public var growthExponent = 0.25
  /// Information that varies less than this, relatively, over three checkpoints is not measured but
  /// clipped: the optimizer saw gradients of one length only.
  public var clippedSpread = 0.01
  /// A fall from the maximum counts when the whole interval of the ratio is below 1 minus this.
  public var minimumFall = 0.1
  /// And when it exceeds this many standard deviations of the series' own checkpoint-to-checkpoint
  /// noise; a checkpoint that does not may itself be the maximum.
  public var noiseDeviations = 2.0
  /// A peak is said when the mean level fell by this many of its standard deviations. The noise is
  /// estimated from few checkpoints and the maximum is chosen, so this is less strict than it looks:
  /// of level series whose layers each bounce by 15 %, 8 in 100 show a peak within 40 checkpoints.
  public var levelDeviations = 4.0
  /// A run whose information never exceeds that of its first checkpoint by this factor was first seen
  /// past the rise. Labelled runs that start from scratch rise at least tenfold.
  public var leastRise = 1.5
  /// How many consecutive checkpoints must show the fall.
  public var fallCheckpoints = 2
  /// Below this part of the maximum the fall is deep.
  public var deepFall = 0.5
  /// The change must lie between checkpoints at most this many doublings of the step apart.
  public var widestBracketDoublings = 2.0
  /// A learning rate that changes by this part of itself between checkpoints may be abrupt…
  public var abruptRateChange = 0.3
  /// …and is so when it changed this many times faster per step than it usually does.
  public var abruptRateFactor = 4.0
  /// Two-sided level of the intervals.
  public var confidenceLevel = 0.95
  /// Resamples of the paired bootstrap.
  public var bootstrapResamples = 200
  /// Seed of the paired bootstrap, the same for all checkpoints.
  public var seed: UInt64 = 0

  /// The score around which labelled ends lie. This, its spread and the clocks below were fitted to
  /// labelled runs; etc/doc/deficit.md says how far they hold on others.
  public var endScore = 1.0
  /// How far they scatter around it.
  public var endScoreDeviation = 0.5
  /// How a run of gradient descent comes to it.
  public var gradientDescent = EndClock.gradientDescent
  /// How one of an optimizer that scales each weight's step does.
  public var adaptive = EndClock.adaptive
  /// How one does of which nothing tells which of them it is.
  public var unknown = EndClock.unknown
  /// Fewer layers count as the first number of these, more as the last: the labelled runs of three layers end
  /// when those of four do, and none has more than eight.
  public var countedLayers = 4...8
  /// The pace is the time until no more than this part of the task remains…
  public var paceRemaining = 0.6
  /// …and no shorter than this, in passes over the data.
  public var shortestPace = 2.0
  /// A run whose learning rate never reached this is that of an adaptive optimizer, where nothing else tells.
  public var leastPlainRate = 0.005
  /// The most doublings by which the decay of the learning rate counts. At labelled ends it is 1.8 at
  /// most, but for one of 2.6.
  public var mostRateDecay = 2.5
  /// Half-width of the end's interval in the score's deviations: the central 80 %.
  public var intervalDeviations = 1.28
  /// No end is thought of before the first part is taken in, nor while the run, going on as it does, would leave
  /// more than this part undone: a deprived network would otherwise close on what it cannot take in.
  public var mostForeseen = 0.45
  /// That is foreseen this many doublings of what is spent ahead, from as many before.
  public var foresightDoublings = 1.0
  /// And while more than this part remains and the odds of what is taken in grow by less than the power of
  /// what is spent that the clock demands: so a deprived network learns, and one on a plateau, which has most
  /// of its period before it.
  public var plateauRemaining = 0.45
  /// Both limits count for this part of what remains once an end could be said: a checkpoint a little worse than the
  /// one before is no other state.
  public var openedMargin = 0.9
  /// Knowledge is lost when twice as much remains as at the end, and at least this part.
  public var leastLost = 0.25
  /// Learning stands still when what remains falls by less than this part in a doubling of the step. At
  /// labelled ends it falls by 9 % at least.
  public var standstill = 0.05
  /// Times the pace that has gone by, over the remaining part, assumed where checkpoints name no epoch: its
  /// median at labelled ends…
  public var typicalPaces = 1.0
  /// …and the spread of its log2 there.
  public var typicalPassesDeviation = 0.6
  /// By how much more the score scatters where the loss alone tells what the untrained network's was.
  public var roughLevelsDeviation = 0.5
  /// By how much the scatter of what remains moves the score, through the pace: the first checkpoint's and the
  /// present one's loss scatter, √2, and where 60 % remain their odds do so 1 / (1 − 0.6) times as far.
  public var noiseInScore = 3.5
  /// How many of its deviations what remains, and is foreseen to, has to have to spare.
  public var noiseMargin = 2.0

  /// A segment that begins with less than this part of the loss that the run had at that step does not repeat
  /// it, but goes on from a trained network.
  public var trainedLoss = 0.5

  /// A learning rate raised abruptly by this factor is a restart.
  public var restartFactor = 3.0

  /// The defaults.
  public init() {}
}
