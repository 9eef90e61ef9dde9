import FloatGraph
import ONNX

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

struct MissingFile: Error { let path: String }

/// The whole of a file.
func fileBytes(_ path: String) throws -> [UInt8] {
  let descriptor = open(path, O_RDONLY)
  guard descriptor >= 0 else { throw MissingFile(path: path) }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 20)
  while true {
    let count = read(descriptor, &chunk, chunk.count)
    guard count > 0 else { return bytes }
    bytes += chunk[..<count]
  }
}

/// A file of Tests/ONNXTests/Models.
func modelPath(_ name: String, file: String = #filePath) -> String {
  file.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Models/" + name
}

/// The names of the models of make_models.py.
let modelNames: [String] = names(in: modelPath("")).filter { $0.hasSuffix(".onnx") }
  .map { String($0.dropLast(5)) }.sorted()

/// The names in a folder; none if it cannot be read.
func names(in folder: String) -> [String] {
  guard let stream = opendir(folder) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    names.append(
      withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      })
  }
  return names.filter { !$0.hasPrefix(".") }.sorted()
}

/// A graph of Models/, as ONNX Runtime's golden has it: 6 rows and 7 columns where it is open.
func importedGraph(_ name: String) throws -> FloatGraph {
  try ONNXModel(path: modelPath(name + ".onnx")).graph(
    options: ImportOptions(height: 6, width: 7))
}

extension FloatGraph {
  /// The kinds of its nodes, in order: `convolution`, `clip`, …
  var kinds: [String] {
    nodes.map { node in
      // A case with a payload is a child with its name; describing it would print all weights.
      Mirror(reflecting: node.operation).children.first?.label
        ?? String(describing: node.operation)
    }
  }

  var convolutions: [FloatConvolution] {
    nodes.compactMap { node in
      if case .convolution(let convolution) = node.operation { convolution } else { nil }
    }
  }
}

/// An input and what ONNX Runtime made of it, both float32 in NHWC, one after the other.
struct Golden {
  let input: [Float]
  let output: [Float]

  init(_ path: String, for graph: FloatGraph) throws {
    let floats = try fileBytes(path).withUnsafeBytes { buffer in
      (0..<buffer.count / 4).map { place in
        Float(
          bitPattern: UInt32(
            littleEndian: buffer.loadUnaligned(fromByteOffset: place * 4, as: UInt32.self)))
      }
    }
    let extents = graph.inputExtents
    let count = extents.height * extents.width * extents.channels
    input = Array(floats[..<count])
    output = Array(floats[count...])
  }

  /// The largest difference, as a part of the largest number expected.
  func relativeError(of computed: [Float]) -> Float {
    guard computed.count == output.count else { return .infinity }
    let largest = output.reduce(0) { max($0, $1.magnitude) }
    let differences = zip(computed, output).map { ($0 - $1).magnitude }
    return differences.contains(where: \.isNaN) ? .nan : (differences.max() ?? 0) / largest
  }
}

/// Steele, Lea and Flood's SplitMix64: the same numbers everywhere.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
