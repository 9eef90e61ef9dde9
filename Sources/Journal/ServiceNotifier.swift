import CSystemd

#if canImport(Glibc)
import Glibc
#endif

/// What a service tells its manager; the assignments of sd_notify(3).
public enum ServiceState: Equatable, Sendable {
  /// Start-up, or a reload, is over. Also after a reload that was refused.
  case ready
  /// A reload begins. The manager compares the time with its request's; `ready` must follow.
  case reloading(monotonicMicroseconds: UInt64)
  case stopping
  /// Frames make progress: wait another watchdog interval.
  case watchdog
  /// One line for people, shown by `systemctl status`.
  case status(String)

  /// A reload that begins now.
  public static var reloadingNow: ServiceState {
    .reloading(monotonicMicroseconds: monotonicNow().wholeMicroseconds)
  }

  var assignment: String {
    switch self {
    case .ready: "READY=1"
    case .reloading(let microseconds): "RELOADING=1\nMONOTONIC_USEC=\(microseconds)"
    case .stopping: "STOPPING=1"
    case .watchdog: "WATCHDOG=1"
    // Escaped, because a line break would start an assignment of its own, MAINPID= for one.
    case .status(let line): "STATUS=" + escapedForTerminal(line)
    }
  }
}

/// The line to the service manager: sd_notify(3), the watchdog's interval, passed descriptors.
public struct ServiceNotifier: Sendable {
  private let transport: @Sendable (String) -> Int32

  /// Talks to the manager named by `$NOTIFY_SOCKET`; to nobody where there is none.
  public init() {
    self.init { sd_notify(0, $0) }
  }

  /// - Parameter transport: sends one datagram; returns a negative errno value if it cannot.
  public init(transport: @escaping @Sendable (String) -> Int32) {
    self.transport = transport
  }

  /// Sends the states in one datagram, in this order.
  ///
  /// - Throws: `JournalError.system`. A service that cannot tell its manager may go on.
  public func send(_ states: ServiceState...) throws(JournalError) {
    let result = transport(states.map(\.assignment).joined(separator: "\n"))
    guard result >= 0 else { throw .system(call: "sd_notify", errno: -result) }
  }

  /// How often the manager wants to hear `.watchdog` at the latest; nil if it does not. Ping
  /// about twice as often.
  public static func watchdogInterval() -> Duration? {
    var microseconds: UInt64 = 0
    guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
    return .microseconds(Int64(clamping: microseconds))
  }

  /// A descriptor that the manager opened for us, named by `FileDescriptorName=`.
  public struct PassedDescriptor: Equatable, Sendable {
    public let name: String
    /// Ours from now on, and closed on exec.
    public let descriptor: Int32

    package init(name: String, descriptor: Int32) {
      self.name = name
      self.descriptor = descriptor
    }
  }

  /// The descriptors that the manager passed, in their order; none where it passed none. Answers
  /// once: a second call has none, so that no descriptor gets two owners.
  ///
  /// - Throws: `JournalError.system` if what the environment says about them is malformed.
  public static func takeListenFileDescriptors() throws(JournalError) -> [PassedDescriptor] {
    var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    let count = sd_listen_fds_with_names(1, &names)
    guard count >= 0 else { throw .system(call: "sd_listen_fds_with_names", errno: -count) }
    var passed: [PassedDescriptor] = []
    for index in 0..<Int(count) {
      let name = names?[index]
      passed.append(
        PassedDescriptor(
          name: name.map { String(cString: $0) } ?? "unknown",
          descriptor: SD_LISTEN_FDS_START + Int32(index)))
      free(name)
    }
    free(names)
    return passed
  }
}
