// Networks that are saved side by side in one folder, as a GAN's `netG_epoch_3.pth` and `netD_epoch_3.pth`, are
// as many runs: the folder's, of the first by name, and one of its own below it for each other. One that was
// followed for longer keeps the folder's.

import Diagnostics
import Ledger
import Reports
import Watching

extension Ledger {
  /// The run of a checkpoint by its name: its folder's, or the one of its own that others of its series were found
  /// to be of. A name without a number, as `latest_net_G.pth`, is of the series with which it shares most words.
  func run(ofCheckpoint path: String, in folderRun: String) throws(Problem) -> String {
    let folder = Path.parent(path)
    if CheckpointNames.step(inName: Path.name(path)) != nil {
      let own = ownRun(ofCheckpoint: path, in: folderRun)
      return try isOwn(own, of: folder) ? own : folderRun
    }
    let others = try runs(below: folderRun)
    if others.isEmpty { return folderRun }
    let words = Self.words(path)
    var shared: [String: Int] = [:]
    for run in [folderRun] + others {
      // A series of the folder's run may be yet to be told from it: one of all has most.
      for known in try entries(run: run)
      where Path.parent(known.path) == folder
        && CheckpointNames.step(inName: Path.name(known.path)) != nil
      {
        let count = words.intersection(Self.words(known.path)).count
        shared[run] = max(shared[run] ?? 0, count)
      }
    }
    let most = shared.values.max() ?? 0
    let nearest = shared.filter { $0.value == most }
    return nearest.count == 1 ? nearest.first?.key ?? folderRun : folderRun
  }

  /// Takes two series apart that are in one run: the first by name stays, whichever of them is read first, but one
  /// that was followed before the other does; averages leave the run to the weights themselves.
  ///
  /// - Parameter remove: removes a report that was written of the one that leaves; while the ledger has its row, what
  ///   a crash leaves undone is done again.
  /// - Returns: false when they are not: a series and another have two numbers in common at least.
  func separate(
    _ path: String, _ other: String, in run: String, remove: (String) throws(Problem) -> Void
  ) throws(Problem) -> Bool {
    let isAverage = { CheckpointNames.isAverage(Path.name($0)) }
    let family = { CheckpointNames.family(ofName: Path.name($0)) }
    let otherStays: Bool
    if isAverage(other) != isAverage(path) {
      otherStays = isAverage(path)
    } else if family(other) < family(path) {
      otherStays = true
    } else {
      let known = try entries(run: run).count {
        $0.state == .done && family($0.path) == family(other)
      }
      otherStays = known > Self.fewestShared
    }
    return otherStays
      ? try moveToOwnRun(seriesOf: path, beside: other, in: run, remove)
      : try moveToOwnRun(seriesOf: other, beside: path, in: run, remove)
  }

  /// How many numbers series that run side by side have in common at least.
  private static let fewestShared = 2

  /// Gives a checkpoint's series a run of its own, in which all of it is yet to be measured; the `other`
  /// checkpoint's stays.
  private func moveToOwnRun(
    seriesOf path: String, beside other: String, in run: String,
    _ remove: (String) throws(Problem) -> Void
  ) throws(Problem) -> Bool {
    let own = ownRun(ofCheckpoint: path, in: run)
    if Path.name(own) == Path.name(run) { return false }
    let family = CheckpointNames.family(ofName: Path.name(path))
    let otherFamily = CheckpointNames.family(ofName: Path.name(other))
    var members: [Entry] = []
    var numbers: [String: Set<UInt64>] = [:]
    for known in try entries(run: run)
    where Path.parent(known.path) == Path.parent(path) {
      let name = Path.name(known.path)
      guard let number = CheckpointNames.step(inName: name) else { continue }
      let kind = CheckpointNames.family(ofName: name)
      numbers[kind, default: []].insert(number)
      if kind == family { members.append(known) }
    }
    guard
      (numbers[family] ?? []).intersection(numbers[otherFamily] ?? []).count >= Self.fewestShared
    else {
      return false
    }
    try transaction { () throws(Problem) in
      for member in members { try move(member, from: run, to: own, remove) }
      // What stands for the newest of them goes with them.
      for known in try entries(run: run)
      where Path.parent(known.path) == Path.parent(path)
        && CheckpointNames.step(inName: Path.name(known.path)) == nil
      {
        if try self.run(ofCheckpoint: known.path, in: run) == own {
          try move(known, from: run, to: own, remove)
        }
      }
    }
    return true
  }

  private func move(
    _ entry: Entry, from run: String, to own: String, _ remove: (String) throws(Problem) -> Void
  ) throws(Problem) {
    var paths = [entry.path]
    if entry.state == .done, let digest = entry.digest,
      let measured = try measurement(run: run, digest: digest), measured.path == entry.path
    {
      try remove(measured.reportPath)
      paths += try supersede(run: run, digest: digest)
    }
    for path in paths {
      guard let known = try self.entry(path: path) else { continue }
      try observe(path: path, run: own, fingerprint: known.fingerprint)
    }
  }

  private func isOwn(_ run: String, of folder: String) throws(Problem) -> Bool {
    try firstEntry(run: run).map { Path.parent($0.path) == folder } ?? false
  }

  private func ownRun(ofCheckpoint path: String, in folderRun: String) -> String {
    let family = CheckpointNames.family(ofName: Path.name(path))
    let isMark = { (character: Character) in !character.isLetter }
    let word = String(family.drop(while: isMark).reversed().drop(while: isMark).reversed())
    return "\(folderRun)/\(word.isEmpty ? "unnamed" : word)"
  }

  private static func words(_ path: String) -> Set<Substring> {
    Set(CheckpointNames.family(ofName: Path.name(path)).split { !$0.isLetter })
  }
}

extension [SeriesRow] {
  /// Without those of series that run beside a checkpoint's own and are not told from its run yet.
  func ofSeries(_ path: String) -> [SeriesRow] {
    guard repeatsSteps else { return self }
    let family = { CheckpointNames.family(ofName: Path.name($0)) }
    let own = family(path)
    var beside: Set<String> = []
    for rivals in Dictionary(grouping: indices, by: { self[$0].step }).values
    where rivals.count > 1 && self[rivals[0]].step != nil {
      let kinds = rivals.map { (row: self[$0], family: family(self[$0].path)) }
      let ownRows = kinds.filter { $0.family == own }.map(\.row)
      for other in kinds where other.family != own && !beside.contains(other.family) {
        if ownRows.contains(where: other.row.isBeside) { beside.insert(other.family) }
      }
    }
    return beside.isEmpty ? self : filter { !beside.contains(family($0.path)) }
  }

  /// Whether any two are of one step: few runs have such, and a run can have thousands of rows.
  private var repeatsSteps: Bool {
    var steps: Set<Int> = []
    return contains { row in row.step.map { !steps.insert($0).inserted } ?? false }
  }
}

extension SeriesRow {
  /// Whether a checkpoint of the same step, in the same folder and under a name of another kind, has other
  /// weights: then the two are of series that run side by side. Only names that count are believed; `last.ckpt` and
  /// `best.ckpt` are of the series that the others are.
  func isBeside(_ other: SeriesRow) -> Bool {
    guard let step, step == other.step, digest != other.digest, path != other.path,
      Path.parent(path) == Path.parent(other.path)
    else { return false }
    let (name, otherName) = (Path.name(path), Path.name(other.path))
    return CheckpointNames.step(inName: name) != nil
      && CheckpointNames.step(inName: otherName) != nil
      && CheckpointNames.family(ofName: name) != CheckpointNames.family(ofName: otherName)
  }
}
