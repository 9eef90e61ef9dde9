/// What one element of a tensor is.
public enum ElementType: Sendable, Hashable, CaseIterable {
  case float32, int32, int64, int16, int8, uint8, int4, bool

  /// The bits that one element takes in memory.
  public var bitWidth: Int {
    switch self {
    case .int64: 64
    case .float32, .int32: 32
    case .int16: 16
    case .int8, .uint8, .bool: 8
    case .int4: 4
    }
  }

  /// The bytes that `count` elements take, the last one of a packed type rounded up.
  public func byteCount(elements count: Int) -> Int { (count * bitWidth + 7) / 8 }
}

extension ElementType: CustomStringConvertible {
  public var description: String {
    switch self {
    case .float32: "float32"
    case .int32: "int32"
    case .int64: "int64"
    case .int16: "int16"
    case .int8: "int8"
    case .uint8: "uint8"
    case .int4: "int4"
    case .bool: "bool"
    }
  }
}
