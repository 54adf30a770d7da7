// HDF5 files that lead to other files, in circles, or to more than there is: the kinds by which
// readers of Keras models were made to read any file (CVE-2026-1669 and what followed it), and shapes
// of published crashes of libhdf5 (reliability.md §1.11).

extension HostileInput {
  private static let vector = [
    HDF5.space([4]), HDF5.float32, HDF5.contiguous(HDF5.address(of: 2), 16),
  ]

  /// A root group with these links, and a dataset of four elements as object 1.
  private static func file(
    _ name: String, links: [[UInt8]] = [HDF5.hardLink("w", to: 1)],
    dataset: [(type: UInt64, body: [UInt8])]? = nil, end: UInt64? = nil, _ outcome: Outcome
  ) -> HostileInput {
    let file = HDF5(
      objects: [HDF5.group(links), HDF5.Object(messages: dataset ?? vector)], data: floats(4),
      end: end)
    return HostileInput("hdf5-\(name)", ".h5", file.encoded, outcome)
  }

  private static func message(
    _ name: String, _ type: UInt64, _ body: [UInt8], _ outcome: Outcome
  ) -> HostileInput {
    file(name, dataset: vector + [(type, body)], outcome)
  }

  /// Sixty-four chunks of a KiB, all of them at one place of a small file.
  private static let chunksOverOneAnother: HostileInput = {
    let place = HDF5.address(of: 2)
    func key(_ chunk: UInt64) -> [UInt8] {
      little(1_024, 4) + little(0, 4) + little(chunk * 256, 8) + little(0, 8)
    }
    let tree =
      Array("TREE".utf8) + [1, 0] + little(64, 2) + little(HDF5.undefined, 8)
      + little(HDF5.undefined, 8) + (0..<64).flatMap { key($0) + little(place, 8) } + key(64)
    let layout = [3, 2, 2] + little(place, 8) + little(256, 4) + little(4, 4)
    return HostileInput(
      "hdf5-chunks-over-one-another", ".h5",
      HDF5(
        objects: [
          HDF5.group([HDF5.hardLink("w", to: 1)]),
          HDF5.Object(messages: [HDF5.space([64 * 256]), HDF5.float32, (8, layout)]),
        ], data: tree
      ).encoded, .refused("bad-hdf5"))
  }()

  /// The headers of twenty-five datasets, which all go on in the same four MiB of gaps: no circle, and
  /// many times the file to read.
  private static let headersOverOneAnother: HostileInput = {
    let gap = little(0, 2) + little(65_528, 2) + [UInt8](repeating: 0, count: 65_532)
    let gaps = [[UInt8]](repeating: gap, count: 64).flatMap { $0 }
    let common = HDF5.address(of: 26)
    let dataset = [
      HDF5.space([4]), HDF5.float32, HDF5.contiguous(common, 16),
      (0x10, little(common, 8) + little(UInt64(gaps.count), 8)),
    ]
    let links = (1...25).map { HDF5.hardLink("\($0)", to: $0) }
    let objects = [HDF5.group(links)] + (1...25).map { _ in HDF5.Object(messages: dataset) }
    return HostileInput(
      "hdf5-headers-over-one-another", ".h5", HDF5(objects: objects, data: gaps).encoded,
      .refused("too-large"))
  }()

  static let hdf5Inputs: [HostileInput] = [
    file("good", .read(finding: nil)),
    file(
      "external-link", links: [HDF5.externalLink("w", file: "/etc/passwd", path: "/")],
      .refused("unsupported-hdf5")),
    file("soft-link", links: [HDF5.softLink("w", to: "/w")], .refused("unsupported-hdf5")),
    file("circle", links: [HDF5.hardLink("again", to: 0)], .refused("bad-hdf5")),
    file("link-beyond", links: [HDF5.hardLink("w", to: 1 << 40)], .refused("bad-hdf5")),
    file(
      "link-twice", links: [HDF5.hardLink("w", to: 1), HDF5.hardLink("w", to: 1)],
      .refused("bad-hdf5")),
    // Twenty-five ways to each next group: no circle, and more to read than anyone can.
    HostileInput(
      "hdf5-links-multiply", ".h5",
      HDF5(
        objects: (1...8).map { next in
          HDF5.group((0..<25).map { HDF5.hardLink("\($0)", to: next) })
        } + [HDF5.Object(messages: vector)], data: floats(4)
      ).encoded, .refused("bad-hdf5")),
    chunksOverOneAnother, headersOverOneAnother,
    file("name-with-slash", links: [HDF5.hardLink("../w", to: 1)], .refused("bad-hdf5")),
    // An external file list: the dataset's bytes are those of /etc/passwd.
    message(
      "external-storage", 7,
      [1, 0, 0, 0] + little(1, 2) + little(1, 2) + little(HDF5.address(of: 1), 8) + little(0, 8)
        + little(0, 8) + little(16, 8), .refused("unsupported-hdf5")),
    file(
      "virtual-dataset",
      dataset: [
        HDF5.space([4]), HDF5.float32, (8, [4, 3] + little(HDF5.address(of: 0), 8) + little(0, 4)),
      ], .refused("unsupported-hdf5")),
    message(
      "filter-unknown", 11,
      [2, 1] + little(32_000, 2) + little(0, 2) + little(0, 2) + little(0, 2),
      .refused("unsupported-hdf5")),
    file(
      "shape-wraps",
      dataset: [
        HDF5.space([4_194_305, 4_194_305, 211_106_198_978_564]), HDF5.float32,
        HDF5.contiguous(HDF5.address(of: 2), 16),
      ], .refused("bad-hdf5")),
    file(
      "shape-2^62",
      dataset: [HDF5.space([1 << 62]), HDF5.float32, HDF5.contiguous(HDF5.address(of: 2), 16)],
      .refused("bad-hdf5")),
    file(
      "data-beyond",
      dataset: [HDF5.space([4]), HDF5.float32, HDF5.contiguous(1 << 40, 16)],
      .refused("bad-hdf5")),
    file(
      "data-short",
      dataset: [HDF5.space([5]), HDF5.float32, HDF5.contiguous(HDF5.address(of: 2), 16)],
      .refused("bad-hdf5")),
    // Their lengths added up are no number.
    message(
      "continuation-2^63-1", 0x10, little(HDF5.address(of: 1), 8) + little(UInt64(Int.max), 8),
      .refused("too-large")),
    message(
      "continuation-beyond", 0x10, little(HDF5.address(of: 1), 8) + little(1 << 20, 8),
      .refused("bad-hdf5")),
    message(
      "continuation-in-a-circle", 0x10, little(HDF5.address(of: 1) + 16, 8) + little(64, 8),
      .refused("bad-hdf5")),
    file(
      "nothing-written",
      dataset: [HDF5.space([1 << 31]), HDF5.float32, HDF5.contiguous(HDF5.undefined, 0)],
      .refused("expansion")),
    file(
      "compact-short",
      dataset: [HDF5.space([4]), HDF5.float32, (8, [3, 0] + little(8, 2) + floats(2))],
      .refused("bad-hdf5")),
    file(
      "chunks-of-nothing",
      dataset: [
        HDF5.space([4]), HDF5.float32,
        (8, [3, 2, 2] + little(HDF5.address(of: 0), 8) + little(0, 4) + little(4, 4)),
      ], .refused("bad-hdf5")),
    file("end-beyond", end: 1 << 40, .notYet("incomplete-hdf5")),
    file("end-2^63", end: 1 << 63, .refused("bad-hdf5")),
  ]
}
