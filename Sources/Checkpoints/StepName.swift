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

  /// Words of one letter: they count where a name begins with them or ends in their number (`e10_s200`,
  /// `model_e5`; `multilingual-e5-large` is no epoch).
  private static let letters: Set<String> = ["e", "s"]

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
    if result == (nil, nil), let name = parts.last { result.step = count(in: Array(name)) }
    return result
  }

  /// The number of a name that has no word for what it counts: `model_5.pt`, `005.pt`, `weights.05-0.93.h5`.
  private static func count(in name: [UInt8]) -> Int? {
    let letters = name.prefix(while: isLetter)
    let word = String(decoding: letters, as: UTF8.self).lowercased()
    guard letters.isEmpty || thingWords.contains(word) else { return nil }
    var start = letters.endIndex
    if !letters.isEmpty, start < name.count, "=-_.".utf8.contains(name[start]) { start += 1 }
    let number = Number(name, at: start)
    let next = number.end < name.count ? name[number.end] : UInt8(ascii: ".")
    return "-_.".utf8.contains(next) ? number.value : nil
  }

  /// `epoch=03-step=88.ckpt` is step 88 of epoch 3; a number counts only right behind its word, which does
  /// not stand right behind another (`lr1e-4`).
  private static func read(component: [UInt8]) -> (step: Int?, epoch: Int?) {
    var result: (step: Int?, epoch: Int?) = (nil, nil)
    var word: Range<Int>?
    var i = 0
    while i < component.count {
      if isLetter(component[i]) {
        let start = i
        while i < component.count, isLetter(component[i]) { i += 1 }
        word = start > 0 && isDigit(component[start - 1]) ? nil : start..<i
      } else if isDigit(component[i]) {
        let number = Number(component, at: i)
        if let word, let value = number.value {
          let name = String(decoding: component[word], as: UTF8.self).lowercased()
          let isPlain =
            !letters.contains(name) || word.lowerBound == 0
            || number.end == component.count || component[number.end] == UInt8(ascii: ".")
          if isPlain, name == "s" || stepWords.contains(name), result.step == nil {
            result.step = value
          }
          if isPlain, epochWords.contains(name), result.epoch == nil { result.epoch = value }
        }
        word = nil
        i = number.end
      } else {
        // One separator may stand between the word and its number; two words in a row
        // (`global_step`) leave the last.
        let isNext = i + 1 < component.count && isDigit(component[i + 1])
        if !"=-_".utf8.contains(component[i]) || !isNext { word = nil }
        i += 1
      }
    }
    return result
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// Digits in a name: what they count, if they count anything, and where they end.
  private struct Number {
    /// Nil for fractions (`loss=0.12`), powers (`1e5`), days (`20240105`, `2024-01-05`), shards
    /// (`1-of-2`) and what runs on in letters; `5k` is 5000.
    let value: Int?
    let end: Int

    init(_ name: [UInt8], at start: Int) {
      func digits(at place: Int) -> ArraySlice<UInt8> {
        place < name.count ? name[place...].prefix(while: isDigit) : []
      }
      let own = digits(at: start)
      var end = own.endIndex
      let rest = name[min(end, name.count)...]
      let isFraction = rest.first == UInt8(ascii: ".") && !digits(at: end + 1).isEmpty
      let isShard = rest.starts(with: "-of-".utf8)
      let month = digits(at: end + 1)
      let isDay =
        own.count == 8 && Self.isDay(Array(own))
        || own.count == 4 && month.count == 2
          && Self.isDay(Array(own + month + digits(at: month.endIndex + 1)))
      let units: [UInt8: Int] = [UInt8(ascii: "k"): 1_000, UInt8(ascii: "m"): 1_000_000]
      var unit: Int? = 1
      if let letter = rest.first, isLetter(letter) {
        end += 1
        let isAlone = end == name.count || !isLetter(name[end]) && !isDigit(name[end])
        unit = isAlone ? units[letter | 0x20] : nil
      }
      self.end = end
      if let unit, !isFraction, !isShard, !isDay,
        let count = Int(String(decoding: own, as: UTF8.self))
      {
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        value = overflow ? nil : product
      } else {
        value = nil
      }
    }

    /// Whether eight digits are a day of this century or the last.
    private static func isDay(_ digits: [UInt8]) -> Bool {
      guard digits.count == 8, let number = Int(String(decoding: digits, as: UTF8.self)) else {
        return false
      }
      return (1900...2099).contains(number / 10_000) && (1...12).contains(number / 100 % 100)
        && (1...31).contains(number % 100)
    }
  }
}
