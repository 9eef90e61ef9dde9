import Tensors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What went wrong in reading a file.
enum FileFailure: Error {
  case system(call: String, code: Int32)
  case notRegular
  case tooLarge(bytes: Int)
}

/// The text of an errno.
func errorText(_ code: Int32) -> String { String(cString: strerror(code)) }

/// Reads a regular file of at most `limit` bytes.
///
/// It is read, not mapped: a file that is truncated under a mapping kills the program.
func readFile(_ path: String, limit: Int) throws(FileFailure) -> AlignedBytes {
  // O_NONBLOCK: opening a FIFO that nobody writes must not hang; regular files ignore it.
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
  guard descriptor >= 0 else { throw .system(call: "open", code: errno) }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { throw .system(call: "fstat", code: errno) }
  guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
  guard status.st_size <= limit else { throw .tooLarge(bytes: Int(status.st_size)) }

  var bytes = AlignedBytes(count: Int(status.st_size))
  let failure: Int32 = bytes.withUnsafeMutableBytes { buffer in
    var filled = 0
    while filled < buffer.count {
      let count = read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
      if count < 0 && errno == EINTR { continue }
      if count < 0 { return errno }
      // It shrank since fstat: as unusable as any other error.
      if count == 0 { return EIO }
      filled += count
    }
    return 0
  }
  guard failure == 0 else { throw .system(call: "read", code: failure) }
  return bytes
}
