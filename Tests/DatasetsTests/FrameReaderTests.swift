import Datasets
import Foundation
import Tensors
import Testing

@Suite("A reader of frames")
struct FrameReaderTests {
  @Test("the real numbers are those of a float input to the bit, where the scale is the recipe's")
  func dequantized() throws {
    let path = sampleFrames.appending(path: "cat.jpg").path
    var stored = try FrameReader(recipe, input: inputInfo(side: 32))
    var real = try FrameReader(recipe, input: inputInfo(side: 32, .float32))
    let info = try stored.read(path)
    _ = try real.read(path)
    #expect(info.width > 0 && stored.fileBytes.starts(with: [0xFF, 0xD8]))
    var a: [Float] = []
    var b: [Float] = []
    stored.dequantize(into: &a)
    real.dequantize(into: &b)
    #expect(a.count == 32 * 32 * 3)
    #expect(a == b)
    #expect(Set(a).count > 20)
    let first = stored.input.withUnsafeBytes { Int8(bitPattern: $0[0]) }
    #expect(a[0] == Float(Int(first) + 1) / 128)
  }

  @Test("what is no whole JPEG is an error that names the file, and the next frame is read")
  func undecodable() throws {
    let folder = try TemporaryFolder()
    let good = try [UInt8](Data(contentsOf: sampleFrames.appending(path: "cat.jpg")))
    try folder.write(Array(good.prefix(good.count / 2)), to: "half.jpg")
    try folder.write([], to: "empty.jpg")
    var reader = try FrameReader(recipe, input: inputInfo(side: 16))
    for (name, code) in [("half.jpg", "truncated"), ("empty.jpg", "empty")] {
      do throws(DatasetError) {
        _ = try reader.read(folder.path + "/" + name)
        Issue.record("\(name) was read")
      } catch {
        guard case .undecodable(folder.path + "/" + name, code, _) = error else {
          Issue.record("\(error)")
          continue
        }
      }
    }
    do throws(DatasetError) {
      _ = try reader.read(folder.path + "/none.jpg")
      Issue.record("a missing file was read")
    } catch {
      #expect("\(error)" == "\(folder.path)/none.jpg: No such file or directory")
    }
    _ = try reader.read(sampleFrames.appending(path: "cat.jpg").path)
  }

  @Test("an input that is no image is refused")
  func unsuitable() throws {
    let shape = try #require(Shape([1, 10]))
    var failed = false
    do throws(DatasetError) {
      _ = try FrameReader(
        recipe, shape: shape, elementType: .int8, quantization: nil)
    } catch {
      if case .unsuitableInput = error { failed = true }
    }
    #expect(failed)
  }
}

@Suite("Traits of a frame")
struct FrameTraitsTests {
  @Test("a picture has its size, its file's quality, and some light and detail")
  func photograph() throws {
    var reader = try FrameReader(recipe, input: inputInfo(side: 32))
    let info = try reader.read(sampleFrames.appending(path: "cat.jpg").path)
    var elements: [Float] = []
    reader.dequantize(into: &elements)
    let traits = reader.traits(info, dequantized: elements)
    #expect(traits.pixelCount == info.width * info.height)
    #expect((20...235).contains(traits.brightness))
    #expect(traits.sharpness > 10)
    #expect((50...100).contains(try #require(traits.jpegQuality)))
    // The same picture without light, and with none of its detail.
    let grey = reader.traits(info, dequantized: elements.map { _ in (50 - 127) / 128 })
    #expect(abs(grey.brightness - 50) < 0.01)
    #expect(grey.sharpness < 1e-6)
  }
}
