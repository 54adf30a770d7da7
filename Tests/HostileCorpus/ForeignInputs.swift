// Files that are something else: each refused by name, in one line.

extension HostileInput {
  private static func file(
    _ name: String, _ ending: String, _ bytes: [UInt8], _ outcome: Outcome
  ) -> HostileInput {
    HostileInput("foreign-\(name)", ending, bytes, outcome)
  }

  private static let padding = [UInt8](repeating: 0, count: 1_024)

  static let foreignInputs: [HostileInput] = [
    file(
      "lfs-pointer", ".safetensors",
      Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n".utf8),
      .refused("unsupported-lfs-pointer")),
    file(
      "web-page", ".pt", Array("<!DOCTYPE html><html><title>404</title></html>".utf8),
      .refused("unsupported-html")),
    file(
      "tar", ".pth.tar",
      Array("weights".utf8) + [UInt8](repeating: 0, count: 250) + Array("ustar".utf8) + padding,
      .refused("unsupported-tar")),
    file("gzip", ".pt", [0x1F, 0x8B, 8, 0] + padding, .refused("unsupported-gzip")),
    file(
      "text", ".pt", Array("these are no weights at all\n".utf8),
      .refused("unsupported-format")),
    file("zeros", ".pt", padding, .notYet("incomplete-file")),
    file("empty", ".pt", [], .notYet("incomplete-file")),
    file("executable", ".pt", [0x7F] + Array("ELF".utf8) + padding, .refused("unsupported-format")),
  ]
}
