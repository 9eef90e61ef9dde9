import Frames

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A line on the terminal that says how far a long work is and how long it will take; nothing at all
/// where standard error is no terminal.
///
/// It is drawn at most ten times a second, so that it may be updated for each frame.
struct ProgressBar {
  private let isShown: Bool
  private var label = ""
  private var total = 0
  private var start = MonotonicTime.now()
  private var lastDrawn: MonotonicTime?
  private var isDrawn = false

  private static let interval = Duration.milliseconds(100)
  private static let barWidth = 24

  init() {
    let terminal = getenv("TERM").map { String(cString: $0) }
    isShown = isatty(STDERR_FILENO) == 1 && terminal != nil && terminal != "dumb"
  }

  /// Begins a part of the work that takes `total` steps.
  mutating func begin(_ label: String, total: Int) {
    self.label = label
    self.total = total
    start = .now()
    lastDrawn = nil
    update(0)
  }

  /// Says that `done` steps are done.
  mutating func update(_ done: Int) {
    guard isShown else { return }
    let now = MonotonicTime.now()
    if let lastDrawn, now - lastDrawn < ProgressBar.interval { return }
    lastDrawn = now
    isDrawn = true
    draw("\r" + fitting(line(done, elapsed: now - start)) + "\u{1B}[K")
  }

  /// Takes the line away: before anything else is printed, and at the end.
  mutating func clear() {
    guard isDrawn else { return }
    draw("\r\u{1B}[K")
    isDrawn = false
    lastDrawn = nil
  }

  private func line(_ done: Int, elapsed: Duration) -> String {
    let done = min(max(done, 0), total)
    let filled = total > 0 ? done * ProgressBar.barWidth / total : 0
    let bar =
      String(repeating: "#", count: filled)
      + String(repeating: ".", count: ProgressBar.barWidth - filled)
    var line = "\(label) [\(bar)] \(done)/\(total)"
    let seconds = elapsed / .seconds(1)
    // A rate from less than a second is no rate.
    if done > 0, done < total, seconds >= 1 {
      line += ", \(ProgressBar.time(seconds / Double(done) * Double(total - done))) left"
    }
    return line
  }

  private static func time(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 1e6).rounded(.up))
    let (minutes, rest) = (whole / 60, whole % 60)
    return minutes == 0 ? "\(rest) s" : "\(minutes) min \(rest) s"
  }

  /// What fits into one line of the terminal: a longer one would not go away again.
  private func fitting(_ line: String) -> String {
    var size = winsize()
    // A serial line or a terminal without a window says 0.
    let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    let columns = isKnown ? Int(size.ws_col) : 80
    return String(line.prefix(max(columns, 20) - 1))
  }

  private func draw(_ text: String) {
    let bytes = Array(text.utf8)
    // A terminal that takes no more of it loses a drawing.
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
