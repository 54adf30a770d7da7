// A bound for formats whose structures point to one another: a small file can make its reader walk over
// the same bytes again and again, without a circle that could be noticed.
internal import Diagnostics
internal import Synchronization

final class ReadBudget: Sendable {
  private let left: Mutex<Int>

  /// For a file or part of one of this size: each byte of it several times, and a fixed amount.
  init(forBytes size: Int) {
    let (sum, overflow) = min(size, 1 << 50).multipliedReportingOverflow(by: 8)
    left = Mutex((overflow ? 1 << 53 : sum) + (64 << 20))
  }

  /// Takes note of so many bytes read, or of as much work. Errors: `too-large` when it is used up.
  func spend(_ count: Int, _ complaint: Complaint) throws(Problem) {
    let isLeft = left.withLock { left in
      left -= min(count, left + 1)
      return left >= 0
    }
    guard isLeft else {
      throw complaint.tooLarge("its structures lie over one another many times")
    }
  }
}
