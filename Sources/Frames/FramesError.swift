#if canImport(Glibc)
import Glibc
#endif

/// What can go wrong with a source of frames; the text says what, where, why and what to do.
public enum FramesError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A system call failed: `errno` is the kernel's reason.
  case system(operation: Operation, path: String, errno: CInt)
  /// The path of a pipe names something else.
  case notAFIFO(path: String, found: String)
  /// Two folders of the spool lie on different file systems, so that nothing can be renamed
  /// between them.
  case differentFileSystems(incoming: String, other: String)
  /// Another process holds the spool's lock.
  case spoolInUse(path: String)
  /// No frame with this id is in hand.
  case unknownFrame(id: String)

  /// What we were doing when the kernel said no.
  public enum Operation: String, Sendable {
    case open, read, list, create, claim, restore, delete, keep, quarantine, lock
    case examine = "look at"
    case watch
    case note = "write the reason beside"
  }

  public var description: String {
    switch self {
    case .system(let operation, let path, let code):
      let reason = errorText(code)
      guard let advice = advice(operation, code) else {
        return "cannot \(operation.rawValue) \(path): \(reason)"
      }
      return "cannot \(operation.rawValue) \(path): \(reason); \(advice)"
    case .notAFIFO(let path, let found):
      return "\(path) is \(found), not a FIFO; make one with mkfifo"
    case .differentFileSystems(let incoming, let other):
      return "\(incoming) and \(other) are on different file systems, so a frame cannot be moved "
        + "in one step; put both on one, or set after = \"leave\""
    case .spoolInUse(let path):
      return "\(path) is locked by another process that takes frames from it; stop that one first"
    case .unknownFrame(let id):
      return "frame \(id) is not in hand"
    }
  }

  /// Whether it is the same trouble, if perhaps with another file.
  func isSameFailure(as other: FramesError) -> Bool {
    guard case .system(let operation, _, let code) = self,
      case .system(let otherOperation, _, let otherCode) = other
    else { return self == other }
    return operation == otherOperation && code == otherCode
  }

  /// The kernel's reason, where there is one.
  public var errorNumber: CInt? {
    guard case .system(_, _, let code) = self else { return nil }
    return code
  }
}

private func advice(_ operation: FramesError.Operation, _ code: CInt) -> String? {
  switch code {
  case EXDEV:
    "the folders are on different mounts (a sandbox that lists them one by one makes them so): "
      + "allow their parent folder as a whole"
  case EROFS:
    "the file system is read-only: remount it, or set after = \"leave\""
  case ENOSPC, EDQUOT:
    "no room left: free some space; the frame waits"
  case EACCES, EPERM:
    "the service's user needs write permission on the spool's folders and read permission on "
      + "the files in them"
  case EMFILE, ENFILE:
    operation == .watch
      ? "raise fs.inotify.max_user_instances" : "too many open files: raise LimitNOFILE="
  case ENOENT where operation == .open || operation == .list: "create it, or correct the path"
  default: nil
  }
}

/// The C library's text for an error number.
func errorText(_ code: CInt) -> String {
  guard let text = strerror(code) else { return "error \(code)" }
  return String(cString: text)
}
