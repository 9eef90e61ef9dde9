import Inference
import Model
import Tensors

#if canImport(Glibc)
import Glibc
#endif

struct MissingFile: Error { let path: String }

/// The whole of a file, by plain reads, so that the tests need no Foundation.
func readFile(_ path: String) throws -> [UInt8] {
  let descriptor = open(path, O_RDONLY)
  guard descriptor >= 0 else { throw MissingFile(path: path) }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(descriptor, &chunk, chunk.count)
    guard count > 0 else { return bytes }
    bytes += chunk[..<count]
  }
}

/// A file of Tests/InferenceTests/Goldens.
func goldenPath(_ name: String, file: String = #filePath) -> String {
  file.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Goldens/" + name
}

/// A file beside the repository, in `shared` or where VEDETTE_SHARED says; nil if it is not there.
func sharedPath(_ name: String, file: String = #filePath) -> String? {
  let root = file.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 }
  let shared = getenv("VEDETTE_SHARED").map { String(cString: $0) } ?? root + "/shared"
  let path = shared + "/" + name
  return access(path, R_OK) == 0 ? path : nil
}

/// A file of this repository.
func repositoryPath(_ name: String, file: String = #filePath) -> String {
  file.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/" + name
}

extension Network {
  /// Runs the network on raw bytes and returns its raw output.
  mutating func outputBytes(of input: [UInt8]) -> [UInt8] {
    var from = Tensor(
      shape: self.input.shape, elementType: self.input.elementType,
      quantization: self.input.quantization)
    var to = Tensor(
      shape: output.shape, elementType: output.elementType, quantization: output.quantization)
    from.withUnsafeMutableBytes { $0.copyBytes(from: input) }
    run(input: from, output: &to)
    return to.withUnsafeBytes { Array($0) }
  }
}

/// xorshift64*, so that a seed gives the same numbers everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed | 1 }
  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }
}
