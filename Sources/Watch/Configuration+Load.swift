#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension Configuration {
  /// Reads a configuration file.
  ///
  /// - Parameter path: the file; nil for ``defaultPath``, which may be missing: then the defaults
  ///   hold. A file that is named must be there.
  /// - Throws: ``ConfigurationError``: all faults of the file, or why it cannot be read.
  public static func load(path: String? = nil) throws(ConfigurationError) -> Configuration {
    try load(path: path ?? defaultPath, mayBeMissing: path == nil)
  }

  /// Like ``load(path:)``, for a file of any name that may be missing.
  package static func load(
    path: String, mayBeMissing: Bool
  ) throws(ConfigurationError) -> Configuration {
    let descriptor = retrying { open(path, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else {
      if mayBeMissing && errno == ENOENT { return Configuration() }
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 14)
    // What is over the limit is not read; the parser refuses the file.
    while bytes.count <= TOMLTable.maximumBytes {
      let count = piece.withUnsafeMutableBytes { buffer in
        retrying { read(descriptor, buffer.baseAddress, buffer.count) }
      }
      guard count >= 0 else {
        throw .unreadable(path: path, reason: String(cString: strerror(errno)))
      }
      if count == 0 { break }
      bytes.append(contentsOf: piece.prefix(count))
    }
    return try Configuration(parsing: bytes, path: path)
  }
}

/// Whether there is something at `path` that the process can see.
func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Calls `body` until no signal interrupts it.
private func retrying<Result: SignedInteger>(_ body: () -> Result) -> Result {
  while true {
    let result = body()
    if result != -1 || errno != EINTR { return result }
  }
}
