#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The bytes of a regular file of at most ``ONNXModel/maximumFileSize`` bytes.
func readFile(_ path: String) throws(ONNXError) -> [UInt8] {
  // O_NONBLOCK: opening a FIFO that nobody writes must not hang; regular files ignore it.
  let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
  guard descriptor >= 0 else { throw .unreadable(path: path, call: "open", code: errno) }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else {
    throw .unreadable(path: path, call: "fstat", code: errno)
  }
  guard status.st_mode & S_IFMT == S_IFREG else { throw .notARegularFile(path: path) }
  let size = Int(status.st_size)
  guard size <= ONNXModel.maximumFileSize else { throw .tooLarge(path: path, bytes: size) }
  var failure: Int32 = 0
  let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
    filled = 0
    while filled < size, let start = buffer.baseAddress {
      let count = read(descriptor, start + filled, size - filled)
      if count < 0 && errno == EINTR { continue }
      if count < 0 { failure = errno }
      if count <= 0 { break }
      filled += count
    }
  }
  guard failure == 0 else { throw .unreadable(path: path, call: "read", code: failure) }
  return bytes
}
