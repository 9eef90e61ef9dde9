import Model
import Tensors
import Testing
import Vision

#if canImport(Glibc)
import Glibc
#endif

/// The files beside the tests, and what the tests do to their bytes.
enum Fixture {
  /// Every JPEG that must decode.
  static let names =
    [
      "color-420", "color-444", "progressive", "restart", "gray", "cmyk", "ycck", "odd-17x13",
      "pixel-1x1",
    ] + (1...8).map { "orientation-\($0)" }

  static func jpeg(_ name: String) -> [UInt8] { bytes(at: folder + name + ".jpg") }

  /// Pixels that Pillow made, see Fixtures/README.md.
  static func pillow(_ name: String) -> [UInt8] { bytes(at: folder + name + ".rgb") }

  static func bytes(at path: String) -> [UInt8] {
    guard let file = fopen(path, "rb") else { return [] }
    defer { fclose(file) }
    var result: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&block, 1, block.count, file)
      if count == 0 { return result }
      result += block[..<count]
    }
  }

  private static let folder = testFolder + "/Fixtures/"
}

/// The folder of this file.
let testFolder: String = {
  let path = #filePath
  return String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
}()

/// A decoded picture as a copyable value.
struct Picture: Equatable {
  var info: DecodeInfo
  var rgb: [UInt8]

  /// The colour at (x, y) of the decoded pixels.
  subscript(x: Int, y: Int) -> [Int] {
    let first = (y * info.decodedWidth + x) * 3
    return rgb[first..<first + 3].map(Int.init)
  }
}

/// Decodes with a decoder of its own.
func decode(
  _ bytes: [UInt8], for target: DecodeTarget = .fullSize, limits: DecodeLimits = DecodeLimits()
) throws -> Picture {
  var decoder = try JPEGDecoder(limits: limits)
  return try decode(bytes, for: target, with: &decoder)
}

func decode(
  _ bytes: [UInt8], for target: DecodeTarget = .fullSize, with decoder: inout JPEGDecoder
) throws -> Picture {
  var pixels = PixelBuffer()
  let info = try bytes.withUnsafeBytes { try decoder.decode($0, for: target, into: &pixels) }
  return Picture(info: info, rgb: pixels.withUnsafeBytes { Array($0) })
}

/// The error's code; nil if the bytes decode.
func refusal(_ bytes: [UInt8], limits: DecodeLimits = DecodeLimits()) -> String? {
  do {
    _ = try decode(bytes, limits: limits)
    return nil
  } catch let error as VisionError {
    return error.code
  } catch {
    return "another error: \(error)"
  }
}

/// An int8 input `[1, height, width, 3]` that holds pixel - 128, and how it is made.
struct Recipe {
  var crop = Preprocessing.Crop.centralSquare(numerator: 7, denominator: 8)
  var filter = Preprocessing.Filter.bicubic
  var width = 32
  var height = 32
  var channels = 3
  var elementType = ElementType.int8
  var quantization = Quantization(scale: 1.0 / 128, zeroPoint: -1)
  var mean: [Float] = [127]
  var standardDeviation: [Float] = [128]

  var preprocessing: Preprocessing {
    Preprocessing(crop: crop, filter: filter, mean: mean, standardDeviation: standardDeviation)
  }

  func input() throws -> TensorInfo {
    let shape = try #require(Shape([1, height, width, channels]))
    return TensorInfo(
      index: 0, name: "image", shape: shape, elementType: elementType, quantization: quantization,
      constant: nil)
  }

  /// The bytes of the input made from a JPEG.
  func run(_ bytes: [UInt8], fullSize: Bool = false) throws -> [UInt8] {
    let input = try input()
    var preprocessor = try Preprocessor(preprocessing, input: input)
    var decoder = try JPEGDecoder()
    var pixels = PixelBuffer()
    let target = fullSize ? DecodeTarget.fullSize : preprocessor.target
    let info = try bytes.withUnsafeBytes { try decoder.decode($0, for: target, into: &pixels) }
    var tensor = Tensor(
      shape: input.shape, elementType: elementType, quantization: quantization)
    preprocessor.run(pixels, info, into: &tensor)
    return tensor.withUnsafeBytes { Array($0) }
  }

  /// The same as pixels, 0...255. Only for the default quantization.
  func pixels(_ bytes: [UInt8], fullSize: Bool = false) throws -> [UInt8] {
    try run(bytes, fullSize: fullSize).map { $0 ^ 0x80 }
  }
}

/// The largest and the mean difference of two pictures.
func difference(_ a: [UInt8], _ b: [UInt8]) -> (largest: Int, mean: Double) {
  guard a.count == b.count, !a.isEmpty else { return (.max, .infinity) }
  let differences = zip(a, b).map { abs(Int($0) - Int($1)) }
  return (differences.max() ?? 0, Double(differences.reduce(0, +)) / Double(a.count))
}

/// A small seeded generator (xorshift64*), so that a failure can be repeated.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed | 1 }

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }
}
