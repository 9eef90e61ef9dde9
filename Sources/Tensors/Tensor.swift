/// A dense array of elements in row-major order (images: NHWC), with its shape and what its
/// integers mean. It owns its memory, aligned for vector loads.
public struct Tensor: ~Copyable {
  public let shape: Shape
  public let elementType: ElementType
  /// Nil for float32 tensors.
  public let quantization: Quantization?
  private var storage: AlignedBytes

  /// A tensor of zeros.
  public init(shape: Shape, elementType: ElementType, quantization: Quantization? = nil) {
    self.shape = shape
    self.elementType = elementType
    self.quantization = quantization
    storage = AlignedBytes(count: elementType.byteCount(elements: shape.elementCount))
  }

  public var byteCount: Int { storage.count }

  public borrowing func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R)
    rethrows -> R
  {
    try storage.withUnsafeBytes(body)
  }

  public mutating func withUnsafeMutableBytes<R>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> R
  ) rethrows -> R {
    try storage.withUnsafeMutableBytes(body)
  }
}
