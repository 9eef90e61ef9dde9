#if canImport(Glibc)
import Glibc
#endif

/// The result of a system call: its value, or errno.
enum SystemCall {
  /// Runs `call` until it is not interrupted; the error is errno.
  static func retrying(_ call: () -> CInt) -> Result<CInt, Errno> {
    while true {
      let result = call()
      if result >= 0 { return .success(result) }
      let code = errno
      if code != EINTR { return .failure(Errno(code: code)) }
    }
  }

  /// As `retrying`, for calls that count bytes.
  static func retryingCount(_ call: () -> Int) -> Result<Int, Errno> {
    while true {
      let result = call()
      if result >= 0 { return .success(result) }
      let code = errno
      if code != EINTR { return .failure(Errno(code: code)) }
    }
  }
}

/// An error number of the C library.
struct Errno: Error, Hashable {
  let code: CInt

  /// The same as the module's public error.
  func during(_ operation: FramesError.Operation, _ path: String) -> FramesError {
    .system(operation: operation, path: path, errno: code)
  }
}

/// Runs `body` and tells of its failure as the module's public error.
func naming<R: ~Copyable>(
  _ operation: FramesError.Operation, _ path: String, _ body: () throws(Errno) -> R
) throws(FramesError) -> R {
  do {
    return try body()
  } catch {
    throw error.during(operation, path)
  }
}

/// What fstat tells of a file, as far as we need it.
struct FileStatus {
  let identity: FileIdentity
  let mode: mode_t
  let linkCount: UInt64
  /// When the kernel last saw the file change, content or attributes: unlike the modification time
  /// nobody can set it. Nanoseconds by the wall clock.
  let changedNanoseconds: Int64

  init(_ raw: stat) {
    identity = FileIdentity(
      device: UInt64(raw.st_dev), inode: UInt64(raw.st_ino),
      modifiedNanoseconds: Int64(raw.st_mtim.tv_sec) &* 1_000_000_000
        &+ Int64(raw.st_mtim.tv_nsec),
      size: Int64(raw.st_size))
    mode = raw.st_mode
    linkCount = UInt64(raw.st_nlink)
    changedNanoseconds =
      Int64(raw.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(raw.st_ctim.tv_nsec)
  }

  /// How long ago the file last changed; nothing where the clock was set back since.
  var age: Duration {
    var clock = timespec()
    clock_gettime(CLOCK_REALTIME, &clock)
    let wall = Int64(clock.tv_sec) &* 1_000_000_000 &+ Int64(clock.tv_nsec)
    return .nanoseconds(max(0, wall &- changedNanoseconds))
  }

  /// Looks at an open file.
  init(_ descriptor: CInt) throws(Errno) {
    var raw = stat()
    _ = try SystemCall.retrying { fstat(descriptor, &raw) }.get()
    self.init(raw)
  }

  /// Looks at `path`, following links.
  init(path: String) throws(Errno) {
    var raw = stat()
    _ = try SystemCall.retrying { stat(path, &raw) }.get()
    self.init(raw)
  }

  var isRegular: Bool { mode & S_IFMT == S_IFREG }
  var isDirectory: Bool { mode & S_IFMT == S_IFDIR }
  var isFIFO: Bool { mode & S_IFMT == S_IFIFO }

  /// What the file is, with its article.
  var kind: String {
    switch mode & S_IFMT {
    case S_IFREG: "a regular file"
    case S_IFDIR: "a folder"
    case S_IFLNK: "a symbolic link"
    case S_IFIFO: "a FIFO"
    case S_IFSOCK: "a socket"
    case S_IFCHR: "a character device"
    case S_IFBLK: "a block device"
    default: "of an unknown kind"
    }
  }
}

/// An open file descriptor, closed with the value.
struct FileHandle: ~Copyable {
  let descriptor: CInt

  /// Takes the descriptor over.
  init(adopting descriptor: CInt) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Opens `path` for reading in any of the ways that `flags` asks for.
  init(path: String, flags: CInt) throws(Errno) {
    descriptor = try SystemCall.retrying { open(path, flags | O_CLOEXEC) }.get()
  }

  /// Gives the descriptor up without closing it.
  consuming func release() -> CInt {
    let released = descriptor
    discard self
    return released
  }

  func status() throws(Errno) -> FileStatus { try FileStatus(descriptor) }

  /// The first bytes of the file, without moving the place where reading goes on.
  func head(_ limit: Int) throws(Errno) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = try bytes.withUnsafeMutableBytes { buffer in
      SystemCall.retryingCount { pread(descriptor, buffer.baseAddress, buffer.count, 0) }
    }.get()
    return Array(bytes.prefix(count))
  }

  /// Reads up to `limit` bytes from the start to the end of the file.
  func readAll(limit: Int) throws(Errno) -> [UInt8] {
    var failure: Errno?
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      while count < limit {
        let rest = UnsafeMutableRawBufferPointer(
          rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
        switch SystemCall.retryingCount({ read(descriptor, rest.baseAddress, rest.count) }) {
        case .success(0): return
        case .success(let taken): count += taken
        case .failure(let error):
          failure = error
          return
        }
      }
    }
    if let failure { throw failure }
    return bytes
  }
}
