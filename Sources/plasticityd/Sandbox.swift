import Checkpoints
import Confinement
import Pipeline
import Reports

/// Takes from this process whatever measuring these checkpoints does not need, for good.
///
/// - Parameters:
///   - checkpoints: paths as a person names them.
///   - probes: folders of probes.
/// - Returns: what holds from now on, as reports state it.
func enterSandbox(checkpoints: [String], probes: [String] = []) -> SandboxReport {
  PeakMemory.prepare()
  let confinement = Confinement.apply(
    reading: checkpoints.flatMap(Checkpoint.places) + probes.flatMap(ProbeDefinition.places))
  return SandboxReport(
    landlockVersion: confinement.landlockVersion, systemCallFilter: confinement.filtersCalls,
    noNewPrivileges: confinement.refusesNewPrivileges)
}

/// Takes away what is left beside one checkpoint, when the sandbox was entered before its path was
/// known.
///
/// - Parameters:
///   - checkpoints: as `enterSandbox` has them; they lie below those that were given there.
///   - probes: as there.
func narrowSandbox(checkpoints: [String], probes: [String]) {
  Confinement.narrow(
    toReading: checkpoints.flatMap(Checkpoint.places) + probes.flatMap(ProbeDefinition.places))
}
