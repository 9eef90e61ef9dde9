#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The whole of a regular file of at most `limit` bytes.
///
/// - Throws: ``CommandFailure`` that names the file and the reason.
func readFile(_ path: String, limit: Int) throws -> [UInt8] {
  func failure(_ reason: String) -> CommandFailure {
    CommandFailure(message: "\(path): \(reason)")
  }
  // O_NONBLOCK: a FIFO must not hang us before we have seen what it is.
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else { throw failure(String(cString: strerror(errno))) }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { throw failure(String(cString: strerror(errno))) }
  guard status.st_mode & S_IFMT == S_IFREG else { throw failure("not a regular file") }
  guard status.st_size <= limit else {
    throw failure("\(status.st_size) bytes; at most \(limit) are read")
  }
  // One byte more than the size, so that a file that is as long as it said ends the loop.
  var bytes = [UInt8](repeating: 0, count: Int(status.st_size) + 1)
  var count = 0
  while count < bytes.count {
    let got = bytes.withUnsafeMutableBytes {
      read(descriptor, $0.baseAddress.map { $0 + count }, $0.count - count)
    }
    if got < 0 && errno == EINTR { continue }
    guard got >= 0 else { throw failure(String(cString: strerror(errno))) }
    if got == 0 { break }
    count += got
  }
  return Array(bytes.prefix(count))
}

/// Writes a file anew; a reader sees the old or the whole new one.
///
/// - Throws: ``CommandFailure`` that names the file and the reason.
func writeFile(_ bytes: UnsafeRawBufferPointer, to path: String) throws {
  func failure() -> CommandFailure {
    CommandFailure(message: "\(path): \(String(cString: strerror(errno)))")
  }
  let temporary = "\(path).\(getpid()).tmp"
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw failure() }
  var done = 0
  while done < bytes.count {
    let count = write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else {
      let error = failure()
      close(descriptor)
      unlink(temporary)
      throw error
    }
    done += count
  }
  guard close(descriptor) == 0, rename(temporary, path) == 0 else {
    let error = failure()
    unlink(temporary)
    throw error
  }
}
