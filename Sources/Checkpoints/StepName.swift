// Step and epoch from the name of a checkpoint, where the file itself does not say.

enum StepName {
  /// Words that a step follows, the epoch's, and both with `=`, `-`, `_` or nothing between.
  private static let stepWords: Set<String> = [
    "step", "steps", "globalstep", "iter", "iteration", "it", "checkpoint", "ckpt", "ba",
  ]
  private static let epochWords: Set<String> = ["epoch", "ep", "e"]
  /// Words for the thing itself: a number behind one of them counts something (`model_5.pt`), where nothing
  /// says what. A seed, a fold, a rank, a score or a size has a word of its own.
  private static let thingWords: Set<String> = [
    "model", "weights", "net", "network", "params", "state", "snapshot", "save", "ck", "chk",
    "chkpt", "cp",
  ]

  /// Looks at the file's own name first and at its folder's (`checkpoint-300/model.safetensors`)
  /// for what is still missing.
  static func read(_ path: String) -> (step: Int?, epoch: Int?) {
    let parts = path.utf8.split(separator: UInt8(ascii: "/"))
    var result: (step: Int?, epoch: Int?) = (nil, nil)
    for name in parts.suffix(2).reversed() {
      let found = read(component: Array(name))
      if result.step == nil { result.step = found.step }
      if result.epoch == nil { result.epoch = found.epoch }
    }
    if result == (nil, nil), let name = parts.last { result.step = count(in: name) }
    return result
  }

  /// The number of a name that has no word for what it counts: `model_5.pt`, `005.pt`, `weights.05-0.93.h5`.
  private static func count(in name: Substring.UTF8View) -> Int? {
    let isLetter = { (byte: UInt8) in (0x61...0x7A).contains(byte | 0x20) }
    let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
    let word = name.prefix(while: isLetter)
    var rest = name[word.endIndex...]
    guard word.isEmpty || thingWords.contains(String(decoding: word, as: UTF8.self).lowercased())
    else { return nil }
    if !word.isEmpty, let mark = rest.first, "=-_.".utf8.contains(mark) { rest = rest.dropFirst() }
    let digits = rest.prefix(while: isDigit)
    let next = rest[digits.endIndex...].first
    guard next.map({ "-_.".utf8.contains($0) }) ?? true else { return nil }
    return Int(String(decoding: digits, as: UTF8.self))
  }

  /// `epoch=03-step=88.ckpt` is step 88 of epoch 3; a number counts only right behind its word.
  private static func read(component: [UInt8]) -> (step: Int?, epoch: Int?) {
    var result: (step: Int?, epoch: Int?) = (nil, nil)
    var word: [UInt8] = []
    var i = 0
    while i < component.count {
      let byte = component[i] | 0x20
      if byte >= UInt8(ascii: "a"), byte <= UInt8(ascii: "z"), component[i] >= 0x41 {
        word.append(byte)
        i += 1
      } else if component[i] >= 0x30, component[i] <= 0x39 {
        var end = i
        while end < component.count, component[end] >= 0x30, component[end] <= 0x39 { end += 1 }
        // A fraction is no counter: `loss=0.12`.
        let isFraction =
          end + 1 < component.count && component[end] == UInt8(ascii: ".")
          && component[end + 1] >= 0x30 && component[end + 1] <= 0x39
        let name = String(decoding: word, as: UTF8.self)
        if !isFraction, let number = Int(String(decoding: component[i..<end], as: UTF8.self)) {
          if stepWords.contains(name), result.step == nil { result.step = number }
          if epochWords.contains(name), result.epoch == nil { result.epoch = number }
        }
        word = []
        i = end
      } else {
        // One separator may stand between the word and its number; two words in a row
        // (`global_step`) leave the last.
        let next = i + 1 < component.count ? component[i + 1] : 0
        let isSeparator = [UInt8(ascii: "="), UInt8(ascii: "-"), UInt8(ascii: "_")].contains(
          component[i])
        if !isSeparator || !(next >= 0x30 && next <= 0x39) { word = [] }
        i += 1
      }
    }
    return result
  }
}
