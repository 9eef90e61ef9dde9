import Inference
import Model
import Tensors
import Testing

@Suite("Threads")
struct ThreadTests {
  @Test("Any number of threads gives the same bits", arguments: [1, 2, 3])
  func sameBits(threads: Int) throws {
    let file = try ModelFile(path: repositoryPath(Samples.model))
    var network = try Network(file, kernels: .scalar, threads: threads)
    var random = SeededGenerator(seed: 99)
    let input = (0..<network.input.byteCount).map { _ in UInt8.random(in: 0...255, using: &random) }
    let digest = hexadecimal(SHA256.hash(network.outputBytes(of: input)))
    #expect(network.threadCount == threads)
    #expect(digest == Samples.noiseDigest)
  }

  @Test("Helpers end with their network, also those that never had a share")
  func lifetimes() throws {
    let file = try ModelFile(path: goldenPath("tiny-network.tflite"))
    let input = try readFile(goldenPath("tiny-network.input"))
    var alone = try Network(file)
    let expected = alone.outputBytes(of: input)
    for _ in 0..<20 {
      var network = try Network(file, threads: 3)
      #expect(network.outputBytes(of: input) == expected)
    }
  }
}

enum Samples {
  static let model = "samples/models/efficientnet_lite0_224.int8.tflite"
  /// SHA-256 of the default model's output for the noise of seed 99, by the scalar kernels on one
  /// thread; the same on x86-64 and arm64.
  static let noiseDigest =
    "ca83b62319bea88a612063b754c671b93d9f728e7d5b4378ecc79268c9c3bc53"
}
