// When and where the daemon looks: roots, scans, hints.

internal import Diagnostics
internal import Glibc
internal import Watching

extension Daemon {
  var wantsHints: Bool {
    parts.hintExecutable != nil && roots.contains { $0.wantsHints && !$0.isMissing }
  }

  /// Begins to watch the configured roots, and to look through all of them.
  func startRoots() {
    generation += 1
    roots = configuration.roots.map {
      WatchedRoot($0, configuration, BoundedCalls(patience: parts.patience))
    }
    for number in roots.indices {
      let root = roots[number]
      if root.wantsHints, parts.hintExecutable == nil {
        roots[number].trouble = "plasticity-watch is not installed: polling"
        parts.log(.warning, "plasticity-watch is not installed: polling \(root.settings.path)")
      }
      let scanner = root.scanner
      do throws(Problem) {
        try attempt(number) { () throws(Problem) in try scanner.checkRoot() }
      } catch {
        lose(number, error)
      }
    }
    startHints()
    for number in roots.indices { startScan(number) }
  }

  /// Looks where a hint, a settling time or the interval says so.
  func lookWhereDue() {
    checkScans()
    let now = BootClock.now()
    if hints == nil, wantsHints, now >= hintBackoff.until { startHints() }
    for directory in debouncing.takeDue(at: now) { look(into: directory) }
    for number in roots.indices where roots[number].nextScan <= now { startScan(number) }
    lookAtPending(now)
  }

  // MARK: Scans

  private func startScan(_ number: Int) {
    guard !roots[number].isScanning else {
      // At most one look at a time: a dead network mount costs one thread, not all of them.
      roots[number].scanAgain = true
      return
    }
    let (scanner, mailbox, generation) = (roots[number].scanner, mailbox, generation)
    let progress = ScanProgress()
    roots[number].progress = progress
    roots[number].scanAgain = false
    do throws(Problem) {
      try DedicatedThread.start("scan") {
        let start = BootClock.now()
        let result = Result { () throws(Problem) in
          let found = try scanner.scan(telling: progress)
          return Scanned(
            found: found, isMountPoint: RealPath.isMountPoint(scanner.root),
            seconds: (BootClock.now() - start).inSeconds)
        }
        mailbox.post(.scanned(root: number, generation: generation, result))
      }
    } catch {
      roots[number].progress = nil
      roots[number].nextScan = BootClock.now() + .seconds(15)
      trouble(error)
    }
  }

  func take(_ result: Result<Scanned, Problem>, of number: Int) {
    roots[number].progress = nil
    let again = roots[number].scanAgain
    roots[number].nextScan =
      BootClock.now() + (again ? .zero : roots[number].interval(configuration))
    switch result {
    case .failure(let problem): lose(number, problem)
    // The scan came through, and something else has not: it is too early.
    case .success where roots[number].calls.isHeld: lose(number, unresponsive(number))
    case .success(let scanned):
      let (found, isMountPoint) = (scanned.found, scanned.isMountPoint)
      // What lies under a mount point is another folder: everything waits for the mount.
      if roots[number].isMountPoint, !isMountPoint {
        return lose(
          number,
          Problem(
            "root-unmounted", at: roots[number].settings.path, "nothing is mounted here any more",
            remedy: "mount it again, or restart the daemon if it is to stay like this",
            kind: .noInput))
      }
      if roots[number].isMissing { regain(number) }
      roots[number].isMountPoint = isMountPoint
      checkStateFolder()
      roots[number].checkpoints = found.candidates.count
      roots[number].scanSeconds = (scanned.seconds * 1_000).rounded() / 1_000
      note(found.oddities, root: number)
      let gap = found.oddities.first { !$0.isAboutFile }
      roots[number].gaps = gap?.problem.description
      observe(found.candidates, root: number)
      let present = Set(found.candidates.map(\.path))
      checkVanished { $0.root == number && !present.contains($0.candidate.path) }
      checkForgotten(root: number)
      if found.isWhole { forgetVanished(found, root: number) }
      note(found.links)
    }
  }

  /// A missing root never means that its checkpoints were deleted: everything waits.
  func lose(_ number: Int, _ problem: Problem) {
    let isKnown = roots[number].missing?.code == problem.code
    roots[number].missing = problem
    roots[number].isHinted = false
    roots[number].nextScan =
      BootClock.now() + min(.seconds(configuration.scan.intervalSeconds), .seconds(5))
    guard !isKnown else { return }
    parts.log(.warning, "\(problem)")
    // A worker that a dead mount holds would keep those of other roots waiting until its time is over.
    if problem.code == WatchedRoot.unresponsiveCode, let path = status.working,
      Path.relative(path, to: roots[number].settings.path) != nil
    {
      worker?.cancel()
    }
  }

  private func regain(_ number: Int) {
    let settings = roots[number].settings
    parts.log(.info, "\(settings.path) is there again")
    // It may be another file system now.
    roots[number] = WatchedRoot(settings, configuration, roots[number].calls)
    roots[number].nextScan = BootClock.now() + roots[number].interval(configuration)
    startHints()
  }

  /// A look into one folder, here and now.
  func look(into directory: String) {
    guard let number = rootNumber(of: directory), !roots[number].isMissing else { return }
    let scanner = roots[number].scanner
    do throws(Problem) {
      let found = try attempt(number) { () throws(Problem) in try scanner.scan(only: directory) }
      note(found.oddities, root: number)
      observe(found.candidates, root: number)
      let present = Set(found.candidates.map(\.path))
      checkVanished {
        ($0.candidate.runDirectory == directory || $0.candidate.path == directory)
          && !present.contains($0.candidate.path)
      }
      note(found.links)
      releaseHeld(in: directory)
    } catch {
      lose(number, error)
    }
  }

  // MARK: Hints

  /// Starts the helper on all roots that are there, in place of one that may be running.
  func startHints() {
    hints?.stop()
    hints = nil
    isHinting = false
    hintShortage = nil
    hintGeneration += 1
    for number in roots.indices { roots[number].isHinted = false }
    guard wantsHints, let executable = parts.hintExecutable else { return }
    let paths = roots.filter { $0.wantsHints && !$0.isMissing }.map(\.settings.path)
    let (mailbox, number) = (mailbox, hintGeneration)
    do throws(Problem) {
      hints = try HintSource(
        executable: executable, roots: paths, depth: configuration.scan.maxDepth
      ) { mailbox.post(.hint($0, generation: number)) }
    } catch {
      hintTrouble("\(error.what): polling")
    }
  }

  func take(_ hint: HintEvent) {
    switch hint {
    case .touched(let directory): debouncing.hint(directory, at: BootClock.now())
    case .watching(let count):
      parts.log(.debug, "plasticity-watch watches \(count) folders")
      isHinting = true
      hintBackoff.succeeded()
      for number in roots.indices where roots[number].wantsHints && !roots[number].isMissing {
        roots[number].isHinted = hintShortage == nil
        roots[number].trouble = hintShortage
        // What came before the watch is seen only by looking after it.
        startScan(number)
      }
    case .lost(let reason):
      if reason.hasPrefix("watch-limit") || reason.hasPrefix("instance-limit") {
        hintLimit(reason)
      } else {
        parts.log.hourly(
          .info, key: "hints lost", "hints were lost (\(reason)): looking everywhere")
      }
      for number in roots.indices where roots[number].wantsHints { startScan(number) }
    case .ended(let how):
      hints = nil
      hintTrouble("plasticity-watch ended (\(how)): polling")
      for number in roots.indices where roots[number].wantsHints { startScan(number) }
    }
  }

  private func hintTrouble(_ reason: String) {
    let wasHinting = isHinting
    isHinting = false
    hintBackoff.failed(at: BootClock.now(), longest: .seconds(60))
    parts.log.hourly(wasHinting ? .info : .warning, key: "hints", reason)
    for number in roots.indices where roots[number].wantsHints {
      roots[number].isHinted = false
      if roots[number].trouble == nil { roots[number].trouble = reason }
      let latest = BootClock.now() + roots[number].interval(configuration)
      roots[number].nextScan = min(roots[number].nextScan, latest)
    }
  }

  /// The kernel gives no more watches: say which limit, and its value.
  private func hintLimit(_ reason: String) {
    let name = reason.hasPrefix("watch-limit") ? "max_user_watches" : "max_user_instances"
    let value = LimitFile.value("/proc/sys/fs/inotify/\(name)") ?? "unknown"
    let text = "inotify gives no more (\(reason)): polling; raise fs.inotify.\(name), now \(value)"
    parts.log.hourly(.warning, key: name, text)
    hintShortage = text
    for number in roots.indices where roots[number].wantsHints {
      roots[number].trouble = text
      roots[number].isHinted = false
    }
  }
}

/// One number under /proc/sys.
enum LimitFile {
  static func value(_ path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 64)
    guard fgets(&buffer, Int32(buffer.count), file) != nil else { return nil }
    let bytes = buffer.prefix { $0 > 0x20 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
