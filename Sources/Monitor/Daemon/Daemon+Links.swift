// Links from one checkpoint's name to another's, as trainers make them for the newest and the best: other
// paths of a content, known by where they lead and never opened.

internal import Diagnostics
internal import Ledger
internal import Watching

extension Daemon {
  /// Takes note of where links lead, in a whole root or in one folder of it.
  func note(_ links: [CheckpointLink]) {
    for link in links {
      self.links[link.target, default: []].insert(link.path)
      nameLinks(to: link.target)
    }
  }

  /// Names the links to a checkpoint in its run's document, once there is a report of it.
  func nameLinks(to target: String) {
    guard let paths = links[target] else { return }
    do throws(Problem) {
      guard let entry = try ledger.entry(path: target), entry.state == .done else { return }
      for path in paths.sorted() { try recorder.alias(path, of: entry) }
    } catch {
      trouble(error)
    }
  }
}
