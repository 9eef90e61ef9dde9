#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A block of memory of fixed size, aligned for the widest vector loads, zeroed when made.
///
/// It owns its memory. The pointer is lent inside a closure only.
public struct AlignedBytes: ~Copyable {
  /// A cache line, and the width of an AVX-512 register.
  public static let alignment = 64

  private let base: UnsafeMutableRawPointer
  /// The size in bytes, as asked for.
  public let count: Int

  /// Allocates `count` bytes, all zero. Stops the program if the system has none left, like
  /// Swift's own collections.
  public init(count: Int) {
    precondition(count >= 0, "a block cannot have a negative size")
    self.count = count
    base = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1), alignment: AlignedBytes.alignment)
    memset(base, 0, max(count, 1))
  }

  deinit { base.deallocate() }

  public borrowing func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R)
    rethrows -> R
  {
    try body(UnsafeRawBufferPointer(start: base, count: count))
  }

  public mutating func withUnsafeMutableBytes<R>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> R
  ) rethrows -> R {
    try body(UnsafeMutableRawBufferPointer(start: base, count: count))
  }
}

extension AlignedBytes {
  /// A copy of `bytes`.
  public init(copying bytes: UnsafeRawBufferPointer) {
    self.init(count: bytes.count)
    withUnsafeMutableBytes { $0.copyMemory(from: bytes) }
  }
}
