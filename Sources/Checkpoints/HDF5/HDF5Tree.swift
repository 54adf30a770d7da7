// All datasets of a file by their paths, and the text attributes of groups on the way.
internal import Diagnostics
internal import Tensors

struct HDF5Tree {
  /// In the order of the file's own index, that is by name.
  var tensors: [StoredTensor] = []
  /// Text attributes by the path of their group or dataset; "" is the root.
  var attributes: [String: [String: [String]]] = [:]
  var findings: [Finding] = []
  /// Groups by path, in the order of the walk.
  var groups: [String] = []

  private static let deepest = 64
  private static let mostObjects = 1_000_000

  /// - Parameter record: of the zip record that holds the file, for its checksum.
  static func read(
    _ file: HDF5File, index: Int, record: Int? = nil
  ) throws(Problem) -> HDF5Tree {
    var tree = HDF5Tree()
    var seenGroups: Set<Int> = []
    var objects = 0
    // A stack instead of recursion; the last is read first.
    var open: [(path: String, header: Int, depth: Int)] = [("", file.root, 0)]
    while let (path, header, depth) = open.popLast() {
      objects += 1
      guard depth <= deepest, objects + open.count <= mostObjects else {
        throw file.complaint.tooLarge("groups go deeper than \(deepest), or hold too many objects")
      }
      let messages = try file.messages(at: header)
      if let links = try file.links(of: messages) {
        guard seenGroups.insert(header).inserted else {
          throw file.complaint.bad("group \"\(path)\" is there twice, or goes in a circle")
        }
        var names: Set<[UInt8]> = []
        for link in links {
          guard names.insert(Array(link.name.utf8)).inserted else {
            throw file.complaint.bad("group \"\(path)\" has two members named \"\(link.name)\"")
          }
        }
        tree.groups.append(path)
        open += links.reversed().map {
          (path.isEmpty ? $0.name : "\(path)/\($0.name)", $0.header, depth + 1)
        }
      }
      let attributes = try file.attributes(of: messages)
      if !attributes.isEmpty { tree.attributes[path] = attributes }
      guard messages.contains(where: { $0.type == 0x08 }) else { continue }
      let isBFloat = attributes["dtype"]?.first == "bfloat16"
      let reading = try file.dataset(
        messages, name: path, opaque: isBFloat ? .bfloat16 : nil, file: index, record: record)
      switch reading {
      case .tensor(let tensor): tree.tensors.append(tensor)
      case .unsupported(let what):
        tree.findings.append(
          Finding("unsupported-tensor", at: path, "it has \(what), and is left out"))
      }
    }
    return tree
  }
}
