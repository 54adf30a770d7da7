// Workers of every bad kind, played by the shell.

import Diagnostics
import Foundation
import TestSupport
import Testing
import Watching

@testable import Monitor

@Suite struct BoundedProcessTests {
  private func run(
    _ script: String, timeout: Duration = .seconds(20), outputLimit: Int = 1 << 20
  ) -> ProcessOutcome {
    BoundedProcess().run(
      ProgramCommand(
        executable: "/bin/sh", arguments: ["-c", script], environment: ["PATH": "/usr/bin:/bin"]),
      timeout: timeout, outputLimit: outputLimit)
  }

  @Test func givesTheDocument() {
    #expect(run("printf 'a: 1\\n'; echo note >&2") == .document(Array("a: 1\n".utf8)))
  }

  @Test func givesTheCodeAndTheLastLine() {
    #expect(
      run("echo first >&2; echo 'bad-offsets: x: y; z' >&2; echo >&2; exit 65")
        == .refused(code: 65, line: "bad-offsets: x: y; z"))
    #expect(run("exit 3") == .refused(code: 3, line: ""))
  }

  @Test(arguments: [SIGILL, SIGSEGV, SIGABRT, SIGBUS, SIGKILL])
  func givesTheSignal(number: Int32) {
    #expect(
      run("echo oh >&2; kill -\(number) $$; sleep 60") == .crashed(signal: number, line: "oh"))
  }

  @Test func killsWhatHangs() {
    #expect(run("sleep 600", timeout: .milliseconds(200)) == .timedOut(.milliseconds(200)))
    // Also when it has closed its streams, and when it does not want to die.
    #expect(
      run("trap '' TERM; exec >&- 2>&-; sleep 600", timeout: .milliseconds(200))
        == .timedOut(.milliseconds(200)))
  }

  @Test func killsWhatSaysTooMuch() {
    #expect(run("yes", outputLimit: 100_000) == .tooLarge(100_000))
  }

  @Test func dropsErrorsBeyondTheLast() {
    let script =
      "i=0; while [ $i -lt 20000 ]; do echo 'some long line of complaint'; "
      + "i=$((i+1)); done >&2; echo 'the-end: a: b; c' >&2; exit 70"
    #expect(run(script) == .refused(code: 70, line: "the-end: a: b; c"))
  }

  @Test func killsWhatItLeavesBehind() throws {
    let folder = try TestFolder()
    let fifo = folder.path + "/alive"
    #expect(mkfifo(fifo, 0o600) == 0)
    let reader = open(fifo, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    // The grandchild keeps both pipes open, and the FIFO.
    #expect(run("sleep 600 3>'\(fifo)' & echo done; exit 0") == .document(Array("done\n".utf8)))
    var hungUp = pollfd(fd: reader, events: 0, revents: 0)
    #expect(poll(&hungUp, 1, 20_000) == 1)
    #expect(Int32(hungUp.revents) & Int32(POLLHUP) != 0)
  }

  @Test func inheritsNothing() {
    let secret = open("/etc/passwd", O_RDONLY)
    defer { close(secret) }
    let outcome = run("cat; env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= | sort; umask >/dev/null")
    #expect(outcome == .document(Array("PATH=/usr/bin:/bin\n".utf8)))
  }

  @Test func canBeCancelled() throws {
    let worker = BoundedProcess()
    worker.cancel()
    let command = ProgramCommand(
      executable: "/bin/sh", arguments: ["-c", "sleep 600"], environment: [:])
    #expect(worker.run(command, timeout: .seconds(20)) == .cancelled)
  }

  @Test func saysWhatCannotBeStarted() {
    let outcome = BoundedProcess().run(
      ProgramCommand(executable: "/none", arguments: [], environment: [:]), timeout: .seconds(1))
    #expect(
      outcome
        == .notStarted(
          Problem(
            "spawn-failed", at: "/none", "it cannot be started (No such file or directory)",
            remedy: "check that it is installed and executable", kind: .unavailable)))
  }

  @Test func getsTimeForItsSize() {
    #expect(BoundedProcess.timeout(bytes: 1_000, least: .seconds(60)) == .seconds(60))
    #expect(BoundedProcess.timeout(bytes: 4_000_000_000, least: .seconds(60)) == .seconds(600))
    #expect(BoundedProcess.timeout(bytes: -1, least: .seconds(60)) == .seconds(60))
  }

  @Test func limitsHoldInTheChild() async {
    await #expect(processExitsWith: .success) {
      try WorkerLimits.apply(memoryLimitMebibytes: 256)
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit)
      guard limit.rlim_max == 256 << 20 else { exit(2) }
      getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
      guard limit.rlim_max == 0 else { exit(3) }
      // Address space without memory behind it is not counted; memory is.
      let reserved = mmap(nil, 1 << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      guard reserved != MAP_FAILED else { exit(4) }
      guard malloc(512 << 20) == nil else { exit(5) }
      exit(0)
    }
  }
}

@Suite struct WorkerVerdictTests {
  @Test(arguments: [
    (ProcessOutcome.document([1]), WorkerVerdict.record([1])),
    (.document([]), .retry(code: "worker-silent", reason: "the worker ended without a report")),
    (
      .refused(code: 65, line: "bad-offsets: a: b; c"),
      .reject(code: "bad-offsets", reason: "bad-offsets: a: b; c")
    ),
    (
      .refused(code: 66, line: ""),
      .reject(code: "worker-exit-66", reason: "the worker ended with exit code 66")
    ),
    (
      .refused(code: 77, line: "Some text: x"),
      .reject(code: "worker-exit-77", reason: "Some text: x")
    ),
    (.refused(code: 75, line: "incomplete: a"), .postpone(reason: "incomplete: a")),
    (.refused(code: 78, line: "bad-probe: a"), .hold(reason: "bad-probe: a")),
    (.refused(code: 74, line: "io-failed: a"), .retry(code: "io-failed", reason: "io-failed: a")),
    (
      .refused(code: 1, line: ""),
      .retry(code: "worker-exit-1", reason: "the worker ended with exit code 1")
    ),
    (
      .crashed(signal: 4, line: "Fatal"),
      .retry(
        code: "worker-crashed",
        reason: "the worker ended by signal 4 (its memory limit is 99 MiB); it said: Fatal")
    ),
    (
      .timedOut(.seconds(60)),
      .retry(code: "worker-timeout", reason: "the worker was killed after 60 s")
    ),
    (
      .tooLarge(5),
      .retry(code: "worker-output-too-large", reason: "the worker said more than 5 bytes")
    ),
    (.cancelled, .abandon),
  ])
  func follows(outcome: ProcessOutcome, verdict: WorkerVerdict) {
    #expect(WorkerVerdict(outcome, memoryLimitMebibytes: 99) == verdict)
  }
}
