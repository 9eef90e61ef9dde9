import Foundation
import Model
import Tensors

/// Frames that ship with the repository.
let sampleFrames: URL = URL(filePath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appending(path: "samples/frames")

/// A folder that goes with the value.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "vedette-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  var path: String { url.path }

  /// Writes a file, with the folders above it.
  func write(_ bytes: [UInt8], to name: String) throws {
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
  }

  func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

  /// What begins as a JPEG does, for what does not look further.
  func touch(_ names: String...) throws {
    for name in names { try write([0xFF, 0xD8, 0xFF], to: name) }
  }

  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: url.appending(path: name).path, withDestinationPath: target)
  }
}

/// EfficientNet-Lite's recipe.
let recipe = Preprocessing(
  crop: .whole, filter: .bicubic, mean: [127], standardDeviation: [128])

func inputInfo(side: Int, _ type: ElementType = .int8) throws -> TensorInfo {
  TensorInfo(
    index: 0, name: "input", shape: Shape([1, side, side, 3]) ?? Shape([])!, elementType: type,
    quantization: type == .float32 ? nil : Quantization(scale: 1 / 128, zeroPoint: -1),
    constant: nil)
}
