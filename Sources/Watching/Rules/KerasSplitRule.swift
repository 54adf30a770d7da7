// Keras' weights in several files: `<name>_00000.weights.h5` …, then `<name>.weights.json` with the map of
// them (keras/src/saving/saving_lib.py).

enum KerasSplitRule: IndexRule {
  static let indexSuffix = ".weights.json"
  static let partMark = "_"
  static let partSuffix = ".weights.h5"

  static func claims(_ file: FileEnds, name: String) -> Bool { name.hasSuffix(indexSuffix) }

  static func missing(_ file: FileEnds) -> String? {
    let blank: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
    return file.last(64).last { !blank.contains($0) } == UInt8(ascii: "}")
      ? nil : "it does not end with a brace"
  }

  /// Files are counted from 0; the worker compares them with the map.
  static func check(
    _ members: [Fingerprint.Member], index: String, patience: Completeness.Patience
  ) -> Completeness {
    let numbers = Set(members.compactMap { number(of: $0.name) })
    for number in 0..<(numbers.max() ?? 0) where !numbers.contains(number) {
      return .incomplete("part \(number) is not there")
    }
    return .complete
  }

  /// The number of a part; nil for other names.
  static func number(of name: String) -> Int? {
    guard name.hasSuffix(partSuffix) else { return nil }
    let digits = name.dropLast(partSuffix.utf8.count).suffix(6)
    // A sign is no digit, though `Int` takes it.
    guard digits.first == "_", digits.utf8.count == 6,
      digits.utf8.dropFirst().allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    return Int(digits.dropFirst())
  }

  /// The map that a part belongs to.
  static func index(of part: String) -> String? {
    number(of: part).map { _ in "\(part.dropLast(partSuffix.utf8.count + 6))\(indexSuffix)" }
  }
}
