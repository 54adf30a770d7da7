// Links from one checkpoint's name to another's, as trainers make them for the newest and the best: other
// paths of a content, known by where they lead and never opened.

internal import Diagnostics
internal import Ledger
internal import Watching

extension Daemon {
  /// Takes note of where links lead, in a whole root or in one folder of it.
  func note(_ links: [CheckpointLink]) {
    for link in links {
      self.links[link.path] = link.target
      name([link.path], of: link.target)
    }
  }

  /// Names the links to a checkpoint of which a report has come.
  func nameLinks(to target: String) {
    name(links.filter { $0.value == target }.keys.sorted(), of: target)
  }

  /// Names links in the run's document, once there is a report of what they lead to.
  private func name(_ paths: [String], of target: String) {
    guard !paths.isEmpty else { return }
    do throws(Problem) {
      guard let entry = try ledger.entry(path: target), entry.state == .done else { return }
      for path in paths { try recorder.alias(path, of: entry) }
    } catch {
      trouble(error)
    }
  }
}
