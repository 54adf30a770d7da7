// Files that a trainer would not write: the smallest torch.save archive around a given pickle, and
// safetensors files with any names.

enum HostileFiles {
  static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  /// CRC-32 as zip has it (polynomial EDB88320, reflected).
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(0xFFFF_FFFF as UInt32) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in
        (value >> 1) ^ (value & 1 == 1 ? 0xEDB8_8320 : 0)
      }
    }
  }

  /// A zip of stored records.
  static func zip(_ records: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, bytes) in records {
      let size = little(UInt64(bytes.count), 4)
      let fields =
        little(0, 8) + little(UInt64(checksum(bytes)), 4) + size + size
        + little(UInt64(name.utf8.count), 2) + little(0, 2)
      directory += [0x50, 0x4B, 0x01, 0x02, 20, 0, 20, 0] + fields + little(0, 10)
      directory += little(UInt64(file.count), 4) + Array(name.utf8)
      file += [0x50, 0x4B, 0x03, 0x04, 20, 0] + fields + Array(name.utf8) + bytes
    }
    let count = little(UInt64(records.count), 2)
    let end =
      little(0, 4) + count + count + little(UInt64(directory.count), 4)
      + little(UInt64(file.count), 4) + little(0, 2)
    return file + directory + [0x50, 0x4B, 0x05, 0x06] + end
  }

  /// What `pickle.dumps` makes of an object whose `__reduce__` gives `os.system` and a command.
  static func systemPickle(_ command: String) -> [UInt8] {
    [0x80, 2] + Array("cposix\nsystem\n".utf8)
      + [0x58] + little(UInt64(command.utf8.count), 4) + Array(command.utf8)
      + Array([0x85, 0x52, 0x2E])
  }

  /// A torch.save archive around a pickle.
  static func archive(_ pickle: [UInt8]) -> [UInt8] {
    zip([
      ("archive/data.pkl", pickle), ("archive/byteorder", Array("little".utf8)),
      ("archive/version", Array("3\n".utf8)),
    ])
  }

  /// A safetensors file of float32 tensors of shape [2, 2]: 1, 2, 3, 4 times their place.
  static func safetensors(_ names: [String]) -> [UInt8] {
    var items: [String] = []
    var data: [UInt8] = []
    for (place, name) in names.enumerated() {
      let range = "\(data.count),\(data.count + 16)"
      items.append(
        "\(json(name)):{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[\(range)]}")
      for factor in 1...4 {
        data += little(UInt64(Float(factor * (place + 1)).bitPattern), 4)
      }
    }
    let header = Array("{\(items.joined(separator: ","))}".utf8)
    return little(UInt64(header.count), 8) + header + data
  }

  private static func json(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar -> String in
      if scalar.value >= 0x20, scalar.value < 0x7F, scalar != "\"", scalar != "\\" {
        return String(scalar)
      }
      return String(scalar).utf16.map { unit in
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }.joined()
    }
    return "\"" + escaped.joined() + "\""
  }
}
