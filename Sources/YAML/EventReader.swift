// libyaml's events, one at a time, as Swift values. Whatever could expand or surprise (aliases,
// anchors, tags, directives, a second document) is refused here, before a node exists.

internal import CLibYAML
import Diagnostics

/// What stands next in the text.
enum Event {
  case scalar(Node.Scalar, Mark)
  case sequenceStart(Mark, isFlow: Bool)
  case sequenceEnd
  case mappingStart(Mark, isFlow: Bool)
  case mappingEnd
  case documentStart(Mark)
  case other
  case streamEnd
}

/// Owns one libyaml parser over bytes that must outlive it.
final class EventReader {
  // On the heap: the parser keeps pointers to itself.
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let bytes: UnsafeBufferPointer<UInt8>
  private let source: Source

  init(_ bytes: UnsafeBufferPointer<UInt8>, _ source: Source) throws(Problem) {
    self.bytes = bytes
    self.source = source
    parser = .allocate(capacity: 1)
    parser.initialize(to: yaml_parser_t())
    guard yaml_parser_initialize(parser) == 1 else {
      throw Problem(
        "out-of-memory", at: source.file, "no memory for a YAML parser",
        remedy: "free some memory", kind: .unavailable)
    }
    // Said, not detected: bytes of another encoding are an error, whatever mark they begin with.
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    // libyaml looks for a mark only where it detects (YAML 1.2.2, §5.2).
    let mark = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    yaml_parser_set_input_string(
      parser, bytes.baseAddress.map { $0 + mark }, bytes.count - mark)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  func next() throws(Problem) -> Event {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxProblem() }
    defer { yaml_event_delete(&event) }
    let mark = Mark(event.start_mark)
    switch event.type {
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      try refuse(anchor: scalar.anchor, tag: scalar.tag, mark)
      let text = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      return .scalar(
        Node.Scalar(text: text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), mark)
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      try refuse(anchor: start.anchor, tag: start.tag, mark)
      return .sequenceStart(mark, isFlow: start.style == YAML_FLOW_SEQUENCE_STYLE)
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      try refuse(anchor: start.anchor, tag: start.tag, mark)
      return .mappingStart(mark, isFlow: start.style == YAML_FLOW_MAPPING_STYLE)
    case YAML_ALIAS_EVENT:
      throw source.problem(
        "yaml-alias", at: mark, "an alias (*name) stands here, and aliases are not read",
        remedy: "write the value out, or put quotes around a text that begins with *")
    case YAML_DOCUMENT_START_EVENT:
      let start = event.data.document_start
      if start.version_directive != nil || start.tag_directives.start != start.tag_directives.end {
        throw source.problem(
          "yaml-directive", at: mark, "a directive (%YAML or %TAG) stands here",
          remedy: "remove the line that begins with %")
      }
      return .documentStart(mark)
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    case YAML_STREAM_END_EVENT: return .streamEnd
    default: return .other
    }
  }

  private func refuse(
    anchor: UnsafeMutablePointer<UInt8>?, tag: UnsafeMutablePointer<UInt8>?, _ mark: Mark
  ) throws(Problem) {
    if anchor != nil {
      throw source.problem(
        "yaml-anchor", at: mark, "an anchor (&name) stands here, and anchors are not read",
        remedy: "remove it, or put quotes around a text that begins with &")
    }
    if tag != nil {
      throw source.problem(
        "yaml-tag", at: mark, "a tag (!name) stands here, and tags are not read",
        remedy: "remove it, or put quotes around a text that begins with !")
    }
  }

  private func syntaxProblem() -> Problem {
    guard parser.pointee.error != YAML_MEMORY_ERROR else {
      return Problem(
        "out-of-memory", at: source.file, "no memory to read the text",
        remedy: "free some memory", kind: .unavailable)
    }
    let reason = parser.pointee.problem.map { String(cString: $0) } ?? "not YAML"
    if parser.pointee.error == YAML_READER_ERROR {
      let offset = min(Int(parser.pointee.problem_offset), bytes.count)
      return source.problem(
        "yaml-encoding", at: mark(at: offset), "\(reason) (byte \(offset))",
        remedy: "save the file as UTF-8 text")
    }
    let mark = Mark(parser.pointee.problem_mark)
    let index = Int(parser.pointee.problem_mark.index)
    if let context = parser.pointee.context.map({ String(cString: $0) }) {
      let start = Mark(parser.pointee.context_mark)
      let since =
        start.line > 0 && start != mark ? " that began at \(start.line):\(start.column)" : ""
      return source.problem(
        "yaml-syntax", at: mark, "\(reason), \(context)\(since)", remedy: remedy(at: index))
    }
    return source.problem("yaml-syntax", at: mark, reason, remedy: remedy(at: index))
  }

  // The index counts characters; it is the byte's only while the text before it is ASCII, and
  // a wrong guess costs no more than a less helpful sentence.
  private func remedy(at index: Int) -> String {
    index < bytes.count && bytes[index] == UInt8(ascii: "\t")
      ? "indent with spaces, not tabs"
      : "correct the YAML there: look at indentation, colons and quotes"
  }

  private func mark(at offset: Int) -> Mark {
    var line = 1
    var column = 1
    for byte in bytes[..<offset] {
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return Mark(line: line, column: column)
  }
}

extension Mark {
  init(_ mark: yaml_mark_t) {
    self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }
}
