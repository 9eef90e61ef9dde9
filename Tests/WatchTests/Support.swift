import Frames
import Model
import Tensors
import Testing
import Watch

#if canImport(Glibc)
import Glibc
#endif

/// A folder of its own for a test, removed with the value.
final class TemporaryFolder: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/vedette-watch-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
    precondition(made, "the tests need a writable /tmp")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Files.removeTree(path) }

  /// Makes a folder in it.
  func folder(_ name: String) -> String {
    mkdir(path + "/" + name, 0o755)
    return path + "/" + name
  }
}

enum Files {
  static func write(_ bytes: [UInt8], to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    precondition(descriptor >= 0, "cannot write a test's file: \(String(cString: strerror(errno)))")
    put(bytes, descriptor)
    close(descriptor)
  }

  static func write(_ text: String, to path: String) { write(Array(text.utf8), to: path) }

  /// Writes all the bytes to an open descriptor.
  static func put(_ bytes: [UInt8], _ descriptor: CInt) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      precondition(written > 0, "a write failed: \(String(cString: strerror(errno)))")
      rest = rest.dropFirst(written)
    }
  }

  static func list(_ path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      let name = String(decoding: bytes, as: UTF8.self)
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func removeTree(_ path: String) {
    for name in list(path) {
      let child = path + "/" + name
      if unlink(child) != 0 { removeTree(child) }
    }
    rmdir(path)
  }

  /// Waits until the descriptor is readable; the limit only ends a test that has failed anyway.
  static func waitUntilReadable(_ descriptor: CInt) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&request, 1, 60_000) == 1
  }
}

/// A classifier that tells red, green and blue apart: MEAN and FULLY_CONNECTED on 8 x 8 pixels.
enum ColourModel {
  static let labels = ["red", "green", "blue"]

  /// The file's bytes. `gain` sets how sure it is, so that two models differ in their ID.
  static func bytes(gain: Int8 = 64, inputShape: [Int] = [1, 8, 8, 3]) -> [UInt8] {
    var writer = ModelWriter(description: "colours")
    let pixel = Quantization(scale: 1 / 128, zeroPoint: -1)
    let input = writer.addTensor(
      "picture", shape: inputShape, elementType: .int8, quantization: pixel)
    let mean = writer.addTensor(
      "mean", shape: [1, inputShape[3]], elementType: .int8, quantization: pixel)
    let weights = writer.addTensor(
      "weights", shape: [3, inputShape[3]], elementType: .int8,
      quantization: Quantization(scale: 0.2, zeroPoint: 0),
      constant: (0..<3 * inputShape[3]).map {
        $0 / inputShape[3] == $0 % inputShape[3] ? UInt8(bitPattern: gain) : 0
      })
    let output = writer.addTensor(
      "logits", shape: [1, 3], elementType: .int8,
      quantization: Quantization(scale: 0.125, zeroPoint: 0))
    writer.addOperator(.mean(), inputs: [input], output: mean)
    writer.addOperator(.fullyConnected(.none), inputs: [mean, weights], output: output)
    writer.setEdges(inputs: [input], outputs: [output])
    writer.addStandardMetadata(mean: [127], standardDeviation: [128])
    return writer.finish() ?? []
  }

  /// Writes it, and its labels beside it, and returns its path.
  static func write(
    in folder: TemporaryFolder, name: String = "colours", labels: [String]? = ColourModel.labels,
    gain: Int8 = 64
  ) -> String {
    let path = folder.path + "/" + name + ".tflite"
    Files.write(bytes(gain: gain), to: path)
    if let labels {
      Files.write(
        labels.map { $0 + "\n" }.joined(), to: folder.path + "/" + name + ".labels.txt")
    }
    return path
  }
}

extension Classifier {
  mutating func classify(_ bytes: [UInt8], digest: Bool = false) -> FrameOutcome {
    bytes.withUnsafeBytes { classify($0, digest: digest) }
  }
}

extension FrameOutcome {
  var detection: Detection? {
    if case .decided(let detection) = self { detection } else { nil }
  }

  var refusal: FrameRefusal? {
    if case .failed(let refusal) = self { refusal } else { nil }
  }
}
