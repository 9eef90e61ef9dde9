/// The extents of a tensor, outermost first: `[N, H, W, C]` for images.
///
/// A shape is checked when it is made: every extent is at least 1 and the element count fits
/// ``maximumElementCount``, so that arithmetic on it cannot overflow.
public struct Shape: Sendable, Hashable {
  /// The extents, outermost first.
  public let extents: [Int]
  /// The product of the extents; 1 for a scalar.
  public let elementCount: Int

  /// 2^28 elements: 256 MiB of int8. Far above any small CNN, far below what overflows an `Int32`
  /// index in a kernel.
  public static let maximumElementCount = 1 << 28
  /// TensorFlow Lite's own reference kernels stop at 6 (5 for most); images need 4.
  public static let maximumRank = 8

  /// Returns nil if an extent is below 1, the rank is above ``maximumRank`` or the element count
  /// is above ``maximumElementCount``.
  public init?(_ extents: [Int]) {
    guard extents.count <= Shape.maximumRank else { return nil }
    var count = 1
    for extent in extents {
      guard extent >= 1, extent <= Shape.maximumElementCount else { return nil }
      count *= extent
      guard count <= Shape.maximumElementCount else { return nil }
    }
    self.extents = extents
    self.elementCount = count
  }

  public var rank: Int { extents.count }

  public subscript(axis: Int) -> Int { extents[axis] }

  /// The extents as `(height, width, channels)` if this is `[1, H, W, C]`.
  public var image: (height: Int, width: Int, channels: Int)? {
    guard rank == 4, extents[0] == 1 else { return nil }
    return (extents[1], extents[2], extents[3])
  }
}

extension Shape: CustomStringConvertible {
  public var description: String {
    "[" + extents.map(String.init).joined(separator: ", ") + "]"
  }
}
