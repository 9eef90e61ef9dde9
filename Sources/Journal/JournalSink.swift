import CSystemd

#if canImport(Glibc)
import Glibc
#endif

/// Where a `JournalWriter` hands its entries: the journal, a terminal, a test's list.
public protocol JournalSink: Sendable {
  /// Hands one entry over and returns when the other side has it. May block; is called on the
  /// writer's own thread, one entry at a time.
  func write(_ entry: JournalEntry) throws(JournalError)
}

/// The systemd journal, through sd_journal_sendv(3).
///
/// "Has it" means that the datagram lies in journald's socket. The service manager holds that
/// socket, so it survives a restart of journald, but not a power cut. On a machine without that
/// socket libsystemd takes entries and throws them away: see `isConnected` first.
public struct SystemdJournalSink: JournalSink {
  public init() {}

  public func write(_ entry: JournalEntry) throws(JournalError) {
    // libsystemd would name the program, vedetted; people know the service by this name.
    let result = entry.withIOVectors(appending: "SYSLOG_IDENTIFIER=vedette") { vectors in
      sd_journal_sendv(vectors.baseAddress, Int32(vectors.count))
    }
    guard result >= 0 else { throw .system(call: "sd_journal_sendv", errno: -result) }
  }

  /// True where the descriptor leads to the journal: `$JOURNAL_STREAM` then names its device and
  /// inode (systemd.exec(5)). A child that was given another stream inherits the variable, so
  /// the variable alone proves nothing.
  public static func isConnected(
    _ descriptor: Int32 = 2, environment: String? = journalStreamVariable
  ) -> Bool {
    let parts = (environment ?? "").split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let device = UInt64(parts[0]), let inode = UInt64(parts[1]) else {
      return false
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return false }
    return UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
  }

  /// `$JOURNAL_STREAM` of this process.
  public static var journalStreamVariable: String? {
    getenv("JOURNAL_STREAM").map { String(cString: $0) }
  }
}
