import Tensors
import Testing

@Suite struct ShapeTests {
  @Test("A shape holds its extents and their product")
  func product() {
    let shape = Shape([1, 224, 224, 3])
    #expect(shape?.elementCount == 150_528)
    #expect(shape?.rank == 4)
    #expect(shape?.image?.height == 224)
    #expect(shape?.description == "[1, 224, 224, 3]")
    #expect(Shape([])?.elementCount == 1)
  }

  @Test(
    "Extents below 1, too many axes and too many elements are refused",
    arguments: [
      [0], [-1], [2, 0, 2], [1 << 28, 2], [1 << 20, 1 << 20], [Int.max], [Int.max, Int.max],
      [1, 1, 1, 1, 1, 1, 1, 1, 1],
    ])
  func refused(extents: [Int]) {
    #expect(Shape(extents) == nil)
  }

  @Test("The largest shape is allowed, and only [1, H, W, C] is an image")
  func edges() {
    #expect(Shape([1 << 28])?.elementCount == 1 << 28)
    #expect(Shape([2, 4, 4, 3])?.image == nil)
    #expect(Shape([1, 4, 4])?.image == nil)
  }
}

@Suite struct QuantizationTests {
  @Test("One scale, or one a channel")
  func made() {
    let tensor = Quantization(scale: 0.5, zeroPoint: -3)
    #expect(tensor?.isPerTensor == true)
    #expect(tensor?.scale == 0.5)
    #expect(tensor?.zeroPoint == -3)
    let channels = Quantization(scales: [1, 2], zeroPoints: [0, 0], axis: 3)
    #expect(channels?.isPerTensor == false)
    #expect(channels?.axis == 3)
  }

  @Test(
    "Scales that are not finite and above 0 are refused",
    arguments: [0, -1, Float.nan, Float.infinity, -Float.infinity])
  func badScale(scale: Float) {
    #expect(Quantization(scale: scale, zeroPoint: 0) == nil)
    #expect(Quantization(scales: [1, scale], zeroPoints: [0, 0]) == nil)
  }

  @Test("Counts that differ, none at all and a negative axis are refused")
  func counts() {
    #expect(Quantization(scales: [1, 2], zeroPoints: [0]) == nil)
    #expect(Quantization(scales: [], zeroPoints: []) == nil)
    #expect(Quantization(scales: [1], zeroPoints: [0], axis: -1) == nil)
  }
}

@Suite struct StorageTests {
  @Test("Every element type's bytes, with packed types rounded up")
  func byteCounts() {
    #expect(ElementType.int4.byteCount(elements: 5) == 3)
    #expect(ElementType.int4.byteCount(elements: 0) == 0)
    #expect(ElementType.int8.byteCount(elements: 5) == 5)
    #expect(ElementType.int64.byteCount(elements: 2) == 16)
    #expect(Set(ElementType.allCases.map(\.description)).count == ElementType.allCases.count)
  }

  @Test("Aligned bytes are aligned, zero at first and keep what is written", arguments: [0, 1, 65])
  func alignedBytes(count: Int) {
    var bytes = AlignedBytes(count: count)
    let (address, isZero) = bytes.withUnsafeBytes { raw in
      (UInt(bitPattern: raw.baseAddress), raw.allSatisfy { $0 == 0 })
    }
    #expect(address % UInt(AlignedBytes.alignment) == 0)
    #expect(isZero)
    bytes.withUnsafeMutableBytes { raw in
      for index in raw.indices { raw[index] = UInt8(index) }
    }
    let contents = bytes.withUnsafeBytes { raw in
      AlignedBytes(copying: raw).withUnsafeBytes { Array($0) }
    }
    #expect(contents == (0..<count).map { UInt8($0) })
  }

  @Test("A tensor takes the bytes of its shape and type")
  func tensor() throws {
    let shape = try #require(Shape([1, 3, 3, 3]))
    let tensor = Tensor(
      shape: shape, elementType: .int4, quantization: Quantization(scale: 1, zeroPoint: 0))
    let count = tensor.byteCount
    #expect(count == 14)
    let sum = tensor.withUnsafeBytes { $0.reduce(0) { $0 + Int($1) } }
    #expect(sum == 0)
  }

  @Test("Hexadecimal digits")
  func digits() {
    #expect(hexadecimal([0x00, 0x0F, 0xA5, 0xFF]) == "000fa5ff")
  }
}
