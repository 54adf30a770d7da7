// Where an archive of `torch.save` keeps the bytes of its storages.
internal import Diagnostics

enum TorchStorages {
  /// In records of their own, below the folder that all records share.
  case zip(ZipArchive, prefix: String)
  /// One behind the other, by key.
  case list([String: Place])

  struct Place {
    let offset: Int
    let bytes: Int
    /// The zip record whose checksum covers it.
    var record: Int?
  }

  /// Errors: `incomplete-archive`.
  func place(of key: String, in file: InputFile) throws(Problem) -> Place {
    switch self {
    case .zip(let zip, let prefix):
      let name = "\(prefix)/data/\(key)"
      guard let index = zip.index(of: name) else { throw TorchArchive.incomplete(file, name) }
      let record = zip.records[index]
      return Place(offset: record.dataOffset, bytes: record.bytes, record: index)
    case .list(let places):
      guard let place = places[key] else {
        throw TorchArchive.incomplete(file, "of storage \(key)")
      }
      return place
    }
  }
}
