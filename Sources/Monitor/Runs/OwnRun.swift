// Networks that are saved side by side in one folder, as a GAN's `netG_epoch_3.pth` and `netD_epoch_3.pth`, are
// as many runs: the folder's, of those that came first, and one of its own below it for each other.

import Diagnostics
import Ledger
import Reports
import Watching

extension Ledger {
  /// The run of a checkpoint by its name: its folder's, or the one of its own that others of its series were found
  /// to be of.
  func run(ofCheckpoint path: String, in folderRun: String) throws(Problem) -> String {
    let own = ownRun(ofCheckpoint: path, in: folderRun)
    guard let first = try firstEntry(run: own), Path.parent(first.path) == Path.parent(path)
    else { return folderRun }
    return own
  }

  /// Gives a checkpoint a run of its own, in which it is yet to be measured; false when it has one already.
  func moveToOwnRun(_ entry: Entry) throws(Problem) -> Bool {
    let own = ownRun(ofCheckpoint: entry.path, in: entry.run)
    if Path.name(own) == Path.name(entry.run) { return false }
    try observe(path: entry.path, run: own, fingerprint: entry.fingerprint)
    return true
  }

  private func ownRun(ofCheckpoint path: String, in folderRun: String) -> String {
    let family = CheckpointNames.family(ofName: Path.name(path))
    let isMark = { (character: Character) in !character.isLetter }
    let word = String(family.drop(while: isMark).reversed().drop(while: isMark).reversed())
    return "\(folderRun)/\(word.isEmpty ? "unnamed" : word)"
  }
}

extension SeriesRow {
  /// Whether a checkpoint of the same step, in the same folder and under a name of another kind, has other
  /// weights: then the two are of series that run side by side. Only names that count are believed; `last.ckpt` and
  /// `best.ckpt` are of the series that the others are.
  func isBeside(_ other: SeriesRow) -> Bool {
    guard let step, step == other.step, digest != other.digest,
      Path.parent(path) == Path.parent(other.path)
    else { return false }
    let (name, otherName) = (Path.name(path), Path.name(other.path))
    return CheckpointNames.step(inName: name) != nil
      && CheckpointNames.step(inName: otherName) != nil
      && CheckpointNames.family(ofName: name) != CheckpointNames.family(ofName: otherName)
  }
}
