#if canImport(Glibc)
import Glibc
#endif

/// An open folder; every operation is relative to it, so that nothing that happens to the path
/// above it can lead us elsewhere.
struct Directory: ~Copyable {
  let path: String
  private let handle: FileHandle

  init(path: String) throws(FramesError) {
    // Not assigned inside a do-catch: the 6.0.3 compiler crashes on that.
    let opened = try naming(.open, path) { () throws(Errno) in
      try FileHandle(path: path, flags: O_RDONLY | O_DIRECTORY)
    }
    self.path = path
    handle = opened
  }

  /// Opens the folder, made first where it is missing (mode 0750, one level).
  init(creatingAt path: String) throws(FramesError) {
    if case .failure(let error) = SystemCall.retrying({ mkdir(path, 0o750) }), error.code != EEXIST
    {
      throw error.during(.create, path)
    }
    try self.init(path: path)
  }

  var descriptor: CInt { handle.descriptor }

  func status() throws(Errno) -> FileStatus { try handle.status() }

  /// The status of the file `name` itself: a symbolic link is not followed.
  func status(of name: FileName) throws(Errno) -> FileStatus {
    var raw = stat()
    _ = try SystemCall.retrying {
      withPath(name) { fstatat(descriptor, $0, &raw, AT_SYMLINK_NOFOLLOW) }
    }.get()
    return FileStatus(raw)
  }

  /// Whether there is a file of this name, of whatever kind.
  func contains(_ name: FileName) throws(Errno) -> Bool {
    do {
      _ = try status(of: name)
      return true
    } catch {
      guard error.code == ENOENT else { throw error }
      return false
    }
  }

  /// Opens `name` for reading. Never follows a link, never waits for a FIFO's writer.
  func open(_ name: FileName) throws(Errno) -> FileHandle {
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
    return FileHandle(
      adopting: try SystemCall.retrying { withPath(name) { openat(descriptor, $0, flags) } }.get())
  }

  /// Makes the file `name` with these bytes, in one step as seen by others.
  func write(_ bytes: [UInt8], to name: FileName) throws(Errno) {
    let temporary = name.wrapped(prefix: ".", suffix: ".new")
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC
    let file = FileHandle(
      adopting: try SystemCall.retrying {
        withPath(temporary) { openat(descriptor, $0, flags, 0o640) }
      }.get())
    var failure: Errno?
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty, failure == nil {
        let part = UnsafeRawBufferPointer(rebasing: rest)
        switch SystemCall.retryingCount({
          Glibc.write(file.descriptor, part.baseAddress, part.count)
        })
        {
        case .success(let written): rest = rest.dropFirst(written)
        case .failure(let error): failure = error
        }
      }
    }
    if failure == nil {
      failure =
        SystemCall.retrying {
          withPath(temporary) { from in
            withPath(name) { renameat(descriptor, from, descriptor, $0) }
          }
        }.error
    }
    if let failure {
      _ = withPath(temporary) { unlinkat(descriptor, $0, 0) }
      throw failure
    }
  }

  func remove(_ name: FileName) throws(Errno) {
    _ = try SystemCall.retrying { withPath(name) { unlinkat(descriptor, $0, 0) } }.get()
  }

  /// Moves `name` to `newName` in `target`; throws EEXIST where that name is taken.
  ///
  /// The check and the rename are two steps: renameat2(RENAME_NOREPLACE) is not among what the
  /// compiler imports of the C library, and link() fails on FAT. The spool's lock keeps other
  /// takers out, and only the service's user can write to the targets.
  func move(
    _ name: FileName, to newName: FileName, in target: borrowing Directory
  ) throws(Errno) {
    guard try !target.contains(newName) else { throw Errno(code: EEXIST) }
    let destination = target.descriptor
    _ = try SystemCall.retrying {
      withPath(name) { from in
        withPath(newName) { renameat(descriptor, from, destination, $0) }
      }
    }.get()
  }

  /// The names in the folder, in the order of the file system; `.` and `..` are left out.
  func forEachName(_ body: (FileName) -> Void) throws(Errno) {
    // A descriptor of its own, because closedir() closes the one it was given.
    let duplicate = try SystemCall.retrying {
      openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }.get()
    guard let stream = fdopendir(duplicate) else {
      let code = errno
      close(duplicate)
      throw Errno(code: code)
    }
    defer { closedir(stream) }
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        if errno != 0 { throw Errno(code: errno) }
        return
      }
      let bytes = withUnsafePointer(to: &entry.pointee.d_name) { start in
        Array(
          UnsafeRawBufferPointer(
            start: start, count: strlen(UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self))
          ))
      }
      if let name = FileName(bytes) { body(name) }
    }
  }

  /// Takes the folder's advisory lock; false where another process holds it.
  func lock() throws(Errno) -> Bool {
    switch SystemCall.retrying({ flock(descriptor, LOCK_EX | LOCK_NB) }) {
    case .success: return true
    case .failure(let error) where error.code == EWOULDBLOCK: return false
    case .failure(let error): throw error
    }
  }
}

/// Calls `body` with the name as a C string.
private func withPath<R>(_ name: FileName, _ body: (UnsafePointer<CChar>) -> R) -> R {
  var terminated = name.bytes.map { CChar(bitPattern: $0) }
  terminated.append(0)
  return terminated.withUnsafeBufferPointer { buffer in
    guard let base = buffer.baseAddress else { preconditionFailure("the array has an element") }
    return body(base)
  }
}

extension Result {
  /// The failure, if it is one.
  fileprivate var error: Failure? {
    guard case .failure(let error) = self else { return nil }
    return error
  }
}
