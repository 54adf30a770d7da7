// The problems of one file in one format, in one wording.
internal import Diagnostics

struct Complaint: Sendable {
  /// `hdf5`, `gguf`: the end of the problems' codes.
  let format: String
  let path: String

  /// What contradicts the format.
  func bad(_ what: String) -> Problem {
    Problem(
      "bad-\(format)", at: path, what,
      remedy: "copy the file again; if it was not damaged, do not trust it")
  }

  /// What its writer has perhaps not written yet.
  func incomplete(_ what: String) -> Problem {
    Problem(
      "incomplete-\(format)", at: path, what,
      remedy: "wait until its writer has finished, or copy it again", kind: .tryAgain)
  }

  /// What is valid and not read here.
  func unsupported(_ what: String) -> Problem {
    Problem(
      "unsupported-\(format)", at: path, what,
      remedy: "save the weights in another way, for example with safetensors")
  }

  /// More than is read.
  func tooLarge(_ what: String) -> Problem {
    Problem("too-large", at: path, what, remedy: "check that this is the file it is named after")
  }

  /// Bytes whose own checksum says that they are damaged.
  func damaged(_ what: String) -> Problem {
    Problem(
      "bit-rot", at: path, "\(what) does not have the checksum that the file gives for it",
      remedy: "copy the file again, or restore it; its numbers cannot be trusted")
  }
}
