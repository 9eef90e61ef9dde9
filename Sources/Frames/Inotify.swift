#if canImport(Glibc)
import Glibc
#endif

/// One event of inotify(7).
package struct InotifyEvent: Sendable, Hashable {
  package let watch: CInt
  package let mask: UInt32
  /// The file in the watched folder; nil where the event is about the folder itself.
  package let name: FileName?

  package init(watch: CInt, mask: UInt32, name: FileName?) {
    self.watch = watch
    self.mask = mask
    self.name = name
  }

  func has(_ flag: Int) -> Bool { mask & UInt32(truncatingIfNeeded: flag) != 0 }
  func has(_ flag: CInt) -> Bool { mask & UInt32(bitPattern: flag) != 0 }
  func has(_ flag: UInt32) -> Bool { mask & flag != 0 }

  /// The events in what one read() gave; stops where the bytes make no sense.
  package static func parse(_ bytes: UnsafeRawBufferPointer) -> [InotifyEvent] {
    // struct inotify_event: int wd; uint32_t mask, cookie, len; char name[len], padded with NUL.
    let headerLength = 16
    var events: [InotifyEvent] = []
    var rest = bytes
    while rest.count >= headerLength {
      let watch = rest.loadUnaligned(fromByteOffset: 0, as: CInt.self)
      let mask = rest.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
      let length = Int(rest.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
      guard rest.count - headerLength >= length else { break }
      let padded = rest[headerLength..<(headerLength + length)]
      let name = FileName(Array(padded.prefix { $0 != 0 }))
      events.append(InotifyEvent(watch: watch, mask: mask, name: name))
      rest = UnsafeRawBufferPointer(rebasing: rest[(headerLength + length)...])
    }
    return events
  }
}

/// An inotify instance that watches one folder at a time; made when it is first needed.
struct Inotify: ~Copyable {
  /// Nil while there is no instance.
  private(set) var descriptor: CInt?
  /// Nil while no folder is watched.
  private(set) var watch: CInt?
  private var buffer = [UInt8](repeating: 0, count: 16 << 10)

  init() {}

  deinit {
    if let descriptor { close(descriptor) }
  }

  /// Watches the folder at `path`, and no longer the one before it.
  ///
  /// IN_MODIFY is not asked for: a writer would wake us at each of its writes, and what counts is
  /// that it closes the file. Our own renames out of the folder raise no event of this set.
  mutating func watch(_ path: String) throws(Errno) {
    stop()
    let instance: CInt
    if let descriptor {
      instance = descriptor
    } else {
      instance = try SystemCall.retrying {
        inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
      }.get()
      descriptor = instance
    }
    let wanted: [UInt32] = [
      UInt32(IN_MOVED_TO), UInt32(IN_CLOSE_WRITE), UInt32(IN_CREATE), UInt32(IN_ATTRIB),
      UInt32(IN_DELETE_SELF), UInt32(IN_MOVE_SELF), UInt32(IN_ONLYDIR),
    ]
    let mask = wanted.reduce(0, |)
    watch = try SystemCall.retrying { inotify_add_watch(instance, path, mask) }.get()
  }

  mutating func stop() {
    // Fails where the kernel has removed the watch by itself, with the folder.
    if let descriptor, let watch { inotify_rm_watch(descriptor, watch) }
    watch = nil
  }

  /// Gives the instance up.
  mutating func shut() {
    if let descriptor { close(descriptor) }
    descriptor = nil
    watch = nil
  }

  /// The events of one read(); nil when there are none.
  mutating func next() throws(Errno) -> [InotifyEvent]? {
    guard let descriptor else { return nil }
    let result = buffer.withUnsafeMutableBytes { bytes in
      SystemCall.retryingCount { read(descriptor, bytes.baseAddress, bytes.count) }
    }
    switch result {
    case .success(let count):
      return buffer.withUnsafeBytes {
        InotifyEvent.parse(UnsafeRawBufferPointer(rebasing: $0.prefix(count)))
      }
    case .failure(let error) where error.code == EAGAIN: return nil
    case .failure(let error): throw error
    }
  }
}
