// Folders of torch.distributed.checkpoint: `__<rank>_<n>.distcp`, then `.metadata`, which commits
// them (reliability.md §2.3). Lightning's sharded checkpoints have `meta.pt` after that.

enum DistributedRule: FolderRule {
  static func recognises(_ folder: FolderNames) -> Bool {
    folder.files.contains { $0.hasSuffix(".distcp") }
  }

  static func isMember(_ name: String) -> Bool {
    name == ".metadata" || name.hasSuffix(".distcp")
      || ["meta.pt", "common.pt", "metadata.json"].contains(name)
  }

  static func check(_ folder: WatchedFolder, patience: Completeness.Patience) -> Completeness {
    if folder.names.hasFile(".metadata.tmp") {
      return .incomplete(".metadata.tmp is there: its writer is about to finish")
    }
    guard let commit = folder.members.first(where: { $0.name == ".metadata" }) else {
      return .incomplete(".metadata is not there yet, which is written last")
    }
    if commit.bytes == 0 { return .incomplete(".metadata is empty") }
    let files = folder.checkMembers(patience: patience) { !$0.hasSuffix(".distcp") }
    guard case .complete = files else { return files }
    // An old .metadata stays beside the files of a save over it until that is done. Copies may have
    // any order, so that long quiet ends the doubt.
    if let newer = folder.members.first(where: {
      $0.name.hasSuffix(".distcp") && $0.modifiedNanoseconds > commit.modifiedNanoseconds
    }) {
      return .doubtful(
        "overwrite in progress: \(newer.name) is newer than .metadata", patience: patience.hole)
    }
    if CheckpointNames.hasCheckpointExtension(folder.names.name), !folder.names.hasFile("meta.pt") {
      return .doubtful("meta.pt is not there", patience: patience.trainerState)
    }
    return .complete
  }
}
