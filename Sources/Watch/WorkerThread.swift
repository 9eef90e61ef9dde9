#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A POSIX thread that runs one closure; what Foundation's Thread would give, without Foundation.
package struct WorkerThread: ~Copyable {
  private let handle: pthread_t

  /// Carries the closure over to the new thread. A class, because a C callback gets one pointer.
  private final class Start: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts `body` on a thread of its own.
  ///
  /// - Throws: ``WatchError/system(reason:)`` where the system refuses the thread.
  package init(_ body: @escaping @Sendable () -> Void) throws(WatchError) {
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(body))
    let status = pthread_create(
      &thread, nil,
      { pointer in
        // Glibc imports the pointer as optional on some versions and not on others.
        let raw: UnsafeMutableRawPointer? = pointer
        if let raw { Unmanaged<Start>.fromOpaque(raw).takeRetainedValue().body() }
        return nil
      }, start.toOpaque())
    guard status == 0 else {
      start.release()
      throw .system(reason: "pthread_create: \(String(cString: strerror(status)))")
    }
    handle = thread
  }

  /// Waits until the closure has returned.
  package consuming func join() { pthread_join(handle, nil) }
}
