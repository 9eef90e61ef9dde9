import Model
import Tensors
import Testing
import Vision

@Suite("Preprocessor")
struct PreprocessorTests {
  struct Golden: Sendable, CustomTestStringConvertible {
    var file: String
    var recipe: String
    var side: Int
    var crop: Preprocessing.Crop
    var filter: Preprocessing.Filter
    var testDescription: String { "\(file).\(recipe)" }
  }

  static let threeQuarters = Preprocessing.Crop.centralSquare(numerator: 3, denominator: 4)
  static let sevenEighths = Preprocessing.Crop.centralSquare(numerator: 7, denominator: 8)

  static let goldens = [
    Golden(
      file: "color-444", recipe: "crop-24.bicubic", side: 24, crop: threeQuarters,
      filter: .bicubic),
    Golden(
      file: "color-444", recipe: "crop-24.bilinear", side: 24, crop: threeQuarters,
      filter: .bilinear),
    Golden(
      file: "color-420", recipe: "whole-20.bicubic", side: 20, crop: .whole, filter: .bicubic),
    Golden(
      file: "odd-17x13", recipe: "crop-32.bicubic", side: 32, crop: sevenEighths, filter: .bicubic),
    Golden(
      file: "odd-17x13", recipe: "crop-32.bilinear", side: 32, crop: sevenEighths,
      filter: .bilinear),
    Golden(file: "cmyk", recipe: "whole-20.bicubic", side: 20, crop: .whole, filter: .bicubic),
    Golden(file: "ycck", recipe: "whole-20.bicubic", side: 20, crop: .whole, filter: .bicubic),
  ]

  @Test("Pixels decoded at full size are resized as Pillow does", arguments: goldens)
  func asPillow(golden: Golden) throws {
    let recipe = Recipe(
      crop: golden.crop, filter: golden.filter, width: golden.side, height: golden.side)
    let ours = try recipe.pixels(Fixture.jpeg(golden.file), fullSize: true)
    let (largest, mean) = difference(ours, Fixture.pillow("\(golden.file).\(golden.recipe)"))
    // Pillow rounds to 8 bits, and clamps, between its two passes; we keep 6 bits more.
    #expect(largest <= 3)
    #expect(mean < 0.3)
  }

  @Test(
    "Pixels decoded at a smaller size differ little from the full decode",
    arguments: [
      (14, 2), (20, 4), (28, 4),
    ])
  func scaled(side: Int, eighths: Int) throws {
    let recipe = Recipe(width: side, height: side)
    let jpeg = Fixture.jpeg("color-444")
    let info = try decode(
      jpeg, for: .input(crop: recipe.crop, width: side, height: side)
    ).info
    #expect(info.scaleEighths == eighths)
    // The scene has hard edges throughout; a picture half a pixel off gives 6 and more.
    let full = try recipe.pixels(jpeg, fullSize: true)
    let mean = difference(try recipe.pixels(jpeg), full).mean
    #expect(mean < 3)
  }

  @Test(
    "A crop of the input's own size is copied",
    arguments: [
      Preprocessing.Filter.bicubic, .bilinear,
    ])
  func copied(filter: Preprocessing.Filter) throws {
    let jpeg = Fixture.jpeg("color-420")
    let picture = try decode(jpeg)
    let ours = try Recipe(filter: filter, width: 56, height: 56).pixels(jpeg)
    // 7/8 of 64 is 56; left (96 - 56) / 2, top (64 - 56) / 2.
    let expected = (4..<60).flatMap { y in
      (20..<76).flatMap { x in picture[x, y].map { UInt8($0) } }
    }
    #expect(ours == expected)
  }

  @Test("One pixel fills the whole input with its colour")
  func onePixel() throws {
    let jpeg = Fixture.jpeg("pixel-1x1")
    let colour = try decode(jpeg).rgb
    let ours = try Recipe(width: 19, height: 5).pixels(jpeg)
    #expect(ours == (0..<19 * 5).flatMap { _ in colour })
  }

  @Test(
    "The bits are the same on every machine",
    arguments: [
      ("color-420", "b47e590373ef23ad"), ("color-444", "b4dc0359e9022681"),
      ("progressive", "b47e590373ef23ad"), ("gray", "0f366083b1be095f"),
      ("cmyk", "45ec5cd77e2c029b"), ("ycck", "b07333b4f54075a5"), ("odd-17x13", "7a0ad4778a381479"),
      ("orientation-7", "e9c7b998ec145744"),
    ])
  func digest(name: String, expected: String) throws {
    // At 8/8, 4/8 and 2/8. Written down from an x86-64 run; arm64 must give the same.
    let inputs = try [48, 24, 12].flatMap {
      try Recipe(width: $0, height: $0).run(Fixture.jpeg(name))
    }
    #expect(hexadecimal(SHA256.hash(inputs).prefix(8)) == expected)
  }

  @Test("A preprocessor gives the same input after pictures of other sizes")
  func reuse() throws {
    let recipe = Recipe(width: 24, height: 24)
    let input = try recipe.input()
    var preprocessor = try Preprocessor(recipe.preprocessing, input: input)
    var decoder = try JPEGDecoder()
    var pixels = PixelBuffer()
    var tensor = Tensor(
      shape: input.shape, elementType: .int8, quantization: recipe.quantization)
    for name in Fixture.names + Fixture.names.reversed() {
      let bytes = Fixture.jpeg(name)
      let info = try bytes.withUnsafeBytes {
        try decoder.decode($0, for: preprocessor.target, into: &pixels)
      }
      preprocessor.run(pixels, info, into: &tensor)
      let ours = tensor.withUnsafeBytes { Array($0) }
      let alone = try recipe.run(bytes)
      #expect(ours == alone)
    }
  }
}

@Suite("Normalisation")
struct NormalisationTests {
  private let jpeg = Fixture.jpeg("color-444")

  @Test("int8, uint8 and float32 inputs hold the same numbers")
  func types() throws {
    let pixels = try Recipe().pixels(jpeg)
    var uint8 = Recipe(elementType: .uint8, quantization: Quantization(scale: 1, zeroPoint: 0))
    (uint8.mean, uint8.standardDeviation) = ([0], [1])
    #expect(try uint8.run(jpeg) == pixels)

    var float = Recipe(elementType: .float32, quantization: nil)
    (float.mean, float.standardDeviation) = ([127], [128])
    let floats = try float.run(jpeg).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    #expect(floats == pixels.map { (Float($0) - 127) / 128 })
  }

  @Test("Every channel has its own mean and deviation, and the result is rounded and clamped")
  func perChannel() throws {
    var recipe = Recipe(quantization: Quantization(scale: 0.015, zeroPoint: 3))
    recipe.mean = [123.675, 116.28, 103.53]
    recipe.standardDeviation = [58.395, 57.12, 57.375]
    let pixels = try Recipe().pixels(jpeg)
    var expected: [UInt8] = []
    for (index, pixel) in pixels.enumerated() {
      let mean = Double(recipe.mean[index % 3])
      let deviation = Double(recipe.standardDeviation[index % 3])
      let real: Double = (Double(pixel) - mean) / deviation
      let stored: Double = (real / Double(0.015 as Float)).rounded() + 3
      expected.append(UInt8(bitPattern: Int8(min(max(stored, -128), 127))))
    }
    #expect(try recipe.run(jpeg) == expected)
    let isClamped = expected.contains(127)
    #expect(isClamped)
  }

  @Test("An input of one channel gets the luma")
  func luma() throws {
    let pixels = try Recipe().pixels(jpeg).map(Int.init)
    var expected: [UInt8] = []
    for first in stride(from: 0, to: pixels.count, by: 3) {
      let red: Int = 77 * pixels[first]
      let green: Int = 150 * pixels[first + 1]
      let blue: Int = 29 * pixels[first + 2]
      expected.append(UInt8((red + green + blue + 128) / 256))
    }
    #expect(try Recipe(channels: 1).pixels(jpeg) == expected)
  }

  @Test("An input that no picture fits is refused")
  func refused() throws {
    func code(_ recipe: Recipe) throws -> String? {
      do {
        _ = try Preprocessor(recipe.preprocessing, input: try recipe.input())
        return nil
      } catch let error as VisionError {
        return error.code
      }
    }
    #expect(try code(Recipe()) == nil)
    #expect(try code(Recipe(channels: 4)) == "unsuitable-input")
    #expect(try code(Recipe(width: 8193)) == "unsuitable-input")
    #expect(try code(Recipe(elementType: .int32)) == "unsuitable-input")
    #expect(try code(Recipe(quantization: nil)) == "unsuitable-input")
    #expect(try code(Recipe(mean: [1, 2])) == "unsuitable-input")
    #expect(try code(Recipe(mean: [.nan])) == "unsuitable-input")
    #expect(try code(Recipe(standardDeviation: [0])) == "unsuitable-input")
    let crop = Preprocessing.Crop.centralSquare(numerator: 9, denominator: 8)
    #expect(try code(Recipe(crop: crop)) == "unsuitable-input")
    let perChannel = Quantization(scales: [1, 1, 1], zeroPoints: [0, 0, 0], axis: 3)
    #expect(try code(Recipe(quantization: perChannel)) == "unsuitable-input")
  }
}
