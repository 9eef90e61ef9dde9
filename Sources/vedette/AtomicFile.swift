import Journal

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A file that appears whole or not at all: written beside its place under a hidden name, flushed,
/// then renamed. Left without ``close()``, the hidden file goes away and what was there before stays.
struct AtomicFile: ~Copyable {
  private let path: String
  private let hidden: String
  private let descriptor: Int32
  private var isDone = false

  /// Opens the hidden file, so that a folder nobody may write to is noticed before the work.
  init(path: String) throws(CommandFailure) {
    guard !path.isEmpty else { throw CommandFailure(message: "the output has no name") }
    var there = stat()
    if stat(path, &there) == 0, there.st_mode & S_IFMT != S_IFREG {
      // A rename would put a file in place of a device such as /dev/null.
      let what = there.st_mode & S_IFMT == S_IFDIR ? "a folder" : "no regular file"
      throw CommandFailure(message: "\(escapedForTerminal(path)): is \(what); name a file")
    }
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { String(path[...$0]) } ?? ""
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    let hidden = "\(folder).\(name).\(getpid()).part"
    let descriptor = open(hidden, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw CommandFailure(
        message: "\(escapedForTerminal(path)): cannot be written: \(errorText(errno))")
    }
    self.path = path
    self.hidden = hidden
    self.descriptor = descriptor
  }

  deinit {
    Glibc.close(descriptor)
    if !isDone { unlink(hidden) }
  }

  /// Whether the file that stands at the place is also the one at `other`.
  func replaces(_ other: String) -> Bool {
    var (there, source) = (stat(), stat())
    return stat(path, &there) == 0 && stat(other, &source) == 0
      && there.st_dev == source.st_dev && there.st_ino == source.st_ino
  }

  mutating func write(_ bytes: [UInt8]) throws(CommandFailure) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failure() }
      done += count
    }
  }

  /// Puts the file into its place.
  mutating func close() throws(CommandFailure) {
    guard fsync(descriptor) == 0 || errno == EINVAL, rename(hidden, path) == 0 else {
      throw failure()
    }
    isDone = true
  }

  private func failure() -> CommandFailure {
    CommandFailure(
      message: "\(escapedForTerminal(path)): cannot be written: \(errorText(errno)); nothing was "
        + "changed")
  }
}

private func errorText(_ code: Int32) -> String { String(cString: strerror(code)) }
