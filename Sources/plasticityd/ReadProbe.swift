import Diagnostics
import Pipeline

/// The probe in a folder that a person names.
///
/// - Throws: whatever is wrong with it, as a mistake of configuration: it is wrong for every
///   checkpoint, and a person must mend it.
func readProbe(_ directory: String) throws(Problem) -> ProbeDefinition {
  do {
    return try ProbeDefinition(directory: directory)
  } catch {
    throw Problem(
      error.code, at: error.place, error.what, remedy: error.remedy, kind: .configuration)
  }
}
