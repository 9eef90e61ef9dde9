import Tensors

/// Rows of RGB pixels, 8 bits a channel, without padding: `[height, width, 3]`.
///
/// It owns its memory and keeps it: a decoder that fills it again with a picture no larger
/// allocates nothing. Its size is held by ``DecodeLimits/maximumDecodedBytes``.
public struct PixelBuffer: ~Copyable {
  public private(set) var width = 0
  public private(set) var height = 0
  private var storage = AlignedBytes(count: 0)

  /// An empty buffer.
  public init() {}

  /// The bytes in use.
  public var byteCount: Int { width * height * 3 }

  /// The bytes held.
  public var capacity: Int { storage.count }

  public borrowing func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R)
    rethrows -> R
  {
    let count = byteCount
    return try storage.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
  }

  package mutating func withUnsafeMutableBytes<R>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> R
  ) rethrows -> R {
    let count = byteCount
    return try storage.withUnsafeMutableBytes {
      try body(UnsafeMutableRawBufferPointer(rebasing: $0[..<count]))
    }
  }

  /// Makes room for `width` x `height` pixels, whose values are whatever was there. The caller has
  /// checked the size.
  package mutating func reshape(width: Int, height: Int) {
    precondition(width >= 0 && height >= 0, "a picture cannot have a negative extent")
    self.width = width
    self.height = height
    if byteCount > storage.count { storage = AlignedBytes(count: byteCount) }
  }
}
