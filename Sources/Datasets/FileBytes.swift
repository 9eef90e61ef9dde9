#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Reads regular files into memory that is used again.
enum FileBytes {
  /// Replaces `bytes` by the contents of the file; an error leaves it in any state.
  static func read(
    _ path: String, limit: Int, into bytes: inout [UInt8]
  ) throws(DatasetError) {
    // O_NONBLOCK: a FIFO must not hang us before we have seen what it is.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .unreadable(path: path, reason: systemReason())
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: path, reason: "not a regular file")
    }
    guard status.st_size <= limit else {
      throw .tooLarge(path: path, reason: "\(status.st_size) bytes; at most \(limit) are read")
    }
    let size = Int(status.st_size)
    if bytes.count > size { bytes.removeLast(bytes.count - size) }
    if bytes.count < size {
      bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
    }
    var count = 0
    while count < size {
      let got = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
      }
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw .unreadable(path: path, reason: systemReason()) }
      // It shrank since fstat: what is left is all that there is.
      if got == 0 { break }
      count += got
    }
    bytes.removeLast(size - count)
  }

  /// Whether a regular file begins with a start-of-image marker.
  static func startsLikeJPEG(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var head: [UInt8] = [0, 0, 0]
    let count = head.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    return count == 3 && head == [0xFF, 0xD8, 0xFF]
  }
}
