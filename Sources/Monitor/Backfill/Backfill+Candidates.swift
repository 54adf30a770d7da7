// Which checkpoints are measured, and in which order.

internal import Diagnostics
internal import Watching

extension Backfill {
  /// The checkpoints in their order, and links to them.
  func found() throws(Problem) -> (candidates: [Candidate], links: [CheckpointLink]) {
    do throws(Problem) {
      let found = try Scanner(root: folder).scan()
      let lives = Lives.byPath(found.candidates)
      return (found.candidates.sorted { Self.precedes($0, $1, lives) }, found.links)
    } catch  where error.code == "root-missing" {
      let isThere = FileSystemNames.exists(folder)
      throw Problem(
        "no-such-folder", at: folder, isThere ? "it is no folder" : "it is not there",
        remedy: "name the folder that the training writes its checkpoints to; one checkpoint is "
          + "measured by plasticityd probe", kind: .noInput)
    }
  }

  /// By run, by its lives where it was resumed, and by step; otherwise checkpoints that are named another way come
  /// together, since they may count another way.
  private static func precedes(
    _ one: Candidate, _ other: Candidate, _ lives: [String: Int]
  ) -> Bool {
    let (a, b) = (one.stepInName, other.stepInName)
    if one.runDirectory != other.runDirectory { return one.runDirectory < other.runDirectory }
    guard let a, let b else { return a == nil && b == nil ? one.path < other.path : a != nil }
    if let life = lives[one.path], let otherLife = lives[other.path] {
      return (life, a, one.path) < (otherLife, b, other.path)
    }
    let (series, otherSeries) = (series(one), series(other))
    return series == otherSeries ? (a, one.path) < (b, other.path) : series < otherSeries
  }

  /// What the names of a series have in common; averages come after the weights themselves.
  private static func series(_ candidate: Candidate) -> String {
    let isAverage = CheckpointNames.isAverage(candidate.name)
    return (isAverage ? "1" : "0") + CheckpointNames.family(ofName: candidate.name)
  }
}
