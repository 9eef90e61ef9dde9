import Foundation

extension ConstantTensor {
  /// Decodes a stored tensor. Nothing is allocated before the sizes were found to agree.
  init(_ tensor: ProtoTensor) throws(ImportFailure) {
    func refuse(_ why: String) -> ImportFailure { .tensor(name: tensor.name, why: why) }
    if tensor.dataLocation != 0 || !tensor.externalData.isEmpty {
      let file = tensor.externalData.first { $0.key == "location" }?.value ?? "another file"
      throw refuse(
        "its elements are in '\(printable(file))'; join them into one file with "
          + "onnx.save_model(onnx.load(path), path, save_as_external_data=False)")
    }
    guard let type = ElementType(rawValue: tensor.dataType) else {
      throw refuse("element type \(tensor.dataType) cannot be read")
    }
    guard tensor.dims.count <= GraphLimits.rank else {
      throw refuse("\(tensor.dims.count) axes are more than the \(GraphLimits.rank) possible")
    }
    let shape = tensor.dims.map { Int($0) }
    guard let count = elementCount(shape) else { throw refuse("impossible shape \(text(shape))") }
    let elements: Elements
    if !tensor.rawData.isEmpty {
      let bits = type.storedBits
      let (product, overflow) = count.multipliedReportingOverflow(by: bits)
      guard !overflow, (product + 7) / 8 == tensor.rawData.count, product <= Int.max - 7 else {
        throw refuse(
          "\(tensor.rawData.count) bytes do not hold \(text(shape)) elements of \(bits) bits")
      }
      elements = Self.decode(tensor.rawData, type: type, count: count)
    } else {
      elements = Self.elements(of: tensor, type: type, count: count)
    }
    let stored =
      switch elements {
      case .floats(let values): values.count
      case .integers(let values): values.count
      }
    guard stored == count else {
      throw refuse("\(stored) elements are stored, its shape is \(text(shape))")
    }
    self.init(type: type, shape: shape, elements: elements)
  }

  /// From the field of the type. 4-bit elements stand in pairs, two in each int32.
  private static func elements(of tensor: ProtoTensor, type: ElementType, count: Int) -> Elements {
    switch type {
    case .float: .floats(tensor.floatData)
    case .double: .floats(tensor.doubleData.map { Float($0) })
    case .float16:
      .floats(tensor.int32Data.map { Float(Float16(bitPattern: UInt16(truncatingIfNeeded: $0))) })
    case .bfloat16:
      .floats(tensor.int32Data.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16) })
    case .int64: .integers(tensor.int64Data)
    case .uint32, .uint64: .integers(tensor.uint64Data.map { Int64(truncatingIfNeeded: $0) })
    case .uint8, .int8, .uint16, .int16, .int32, .bool: .integers(tensor.int32Data.map(Int64.init))
    case .uint4, .int4:
      .integers(
        Array(
          tensor.int32Data.flatMap { pair in
            [fourBits(pair & 15, type), fourBits((pair >> 4) & 15, type)]
          }.prefix(count)))
    }
  }

  private static func fourBits(_ bits: Int32, _ type: ElementType) -> Int64 {
    type == .int4 && bits > 7 ? Int64(bits) - 16 : Int64(bits)
  }

  private static func decode(_ data: Data, type: ElementType, count: Int) -> Elements {
    data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> Elements in
      func integers<T: FixedWidthInteger>(_: T.Type) -> Elements {
        .integers(load(T.self, bytes, count).map { Int64(truncatingIfNeeded: T(littleEndian: $0)) })
      }
      switch type {
      case .float:
        return .floats(
          load(UInt32.self, bytes, count).map { Float(bitPattern: UInt32(littleEndian: $0)) })
      case .double:
        return .floats(
          load(UInt64.self, bytes, count).map {
            Float(Double(bitPattern: UInt64(littleEndian: $0)))
          })
      case .float16:
        return .floats(
          load(UInt16.self, bytes, count).map {
            Float(Float16(bitPattern: UInt16(littleEndian: $0)))
          })
      case .bfloat16:
        return .floats(
          load(UInt16.self, bytes, count).map {
            Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16)
          })
      case .uint8, .bool: return integers(UInt8.self)
      case .int8: return integers(Int8.self)
      case .uint16: return integers(UInt16.self)
      case .int16: return integers(Int16.self)
      case .int32: return integers(Int32.self)
      case .int64: return integers(Int64.self)
      case .uint32: return integers(UInt32.self)
      case .uint64: return integers(UInt64.self)
      case .uint4, .int4:
        let pairs = bytes.flatMap { pair in
          [fourBits(Int32(pair & 15), type), fourBits(Int32(pair >> 4), type)]
        }
        return .integers(Array(pairs.prefix(count)))
      }
    }
  }

  /// The bytes as elements, whatever their alignment.
  private static func load<T: FixedWidthInteger>(
    _: T.Type, _ bytes: UnsafeRawBufferPointer, _ count: Int
  ) -> [T] {
    [T](unsafeUninitializedCapacity: count) { buffer, filled in
      UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
      filled = count
    }
  }
}

extension ElementType {
  /// The bits of an element in raw_data.
  var storedBits: Int {
    switch self {
    case .uint4, .int4: 4
    case .uint8, .int8, .bool: 8
    case .uint16, .int16, .float16, .bfloat16: 16
    case .float, .int32, .uint32: 32
    case .double, .int64, .uint64: 64
    }
  }
}

/// Bounds on what a file may ask for, far above real classifiers and far below what would exhaust
/// a machine.
enum GraphLimits {
  static let rank = 8
  static let nodes = 100_000
  /// Along one axis of an activation.
  static let extent = 1 << 24
  /// In an activation, and in a constant that is computed rather than stored.
  static let elements = 1 << 28
  /// Kernel extents, strides, dilations, paddings.
  static let window = 1 << 16
}
