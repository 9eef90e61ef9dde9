#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Writes a line of data to standard output, at once: a pipe's reader waits for it.
func printData(_ line: String) { write(line, to: STDOUT_FILENO) }

/// Writes a line for people to standard error.
func printTalk(_ line: String) { write(line, to: STDERR_FILENO) }

private func write(_ line: String, to descriptor: Int32) {
  let bytes = Array((line + "\n").utf8)
  var done = 0
  while done < bytes.count {
    let count = bytes.withUnsafeBytes {
      Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done)
    }
    if count < 0 && errno == EINTR { continue }
    // A reader that went away is no reason to fail: `vedette classify … | head -1`.
    guard count > 0 else { exit(count < 0 && errno == EPIPE ? 0 : 1) }
    done += count
  }
}
