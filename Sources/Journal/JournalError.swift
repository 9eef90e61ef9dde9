#if canImport(Glibc)
import Glibc
#endif

/// What can go wrong between a value of ours and the journal or the service manager.
public enum JournalError: Error, Equatable, Sendable {
  /// A field name that journald would refuse, and the rule that it breaks.
  case fieldName(String, why: String)

  /// A call of libc or libsystemd that failed, with its errno value.
  case system(call: String, errno: Int32)

  /// True where the same call may succeed later: the journal is busy, restarting or short of
  /// memory. Everything else stays as it is, however often it is tried.
  public var isTemporary: Bool {
    guard case .system(_, let number) = self else { return false }
    return [EAGAIN, EINTR, ECONNREFUSED, ENOBUFS, ENOMEM, ENOENT, ENOSPC, EDQUOT, EMFILE, ENFILE]
      .contains(number)
  }
}

extension JournalError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .fieldName(let name, let why):
      "journal field '\(escapedForTerminal(name))': \(why)"
    case .system(let call, let number):
      "\(call): \(String(cString: strerror(number)))"
    }
  }
}
