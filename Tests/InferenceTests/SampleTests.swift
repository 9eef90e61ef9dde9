import CKernels
import Inference
import Model
import Tensors
import Testing
import Vision

/// The default model on the sample frames, down to the bits: samples/expected.tsv holds what
/// `vedette classify --digest --json` printed on x86-64 and, equally, on arm64.
@Suite("The default model on the samples")
struct SampleTests {
  struct Sample: Sendable {
    var file: String
    var labelIndex: Int
    var label: String
    var digest: String
  }

  static let samples: [Sample] = {
    guard let bytes = try? readFile(repositoryPath("samples/expected.tsv")) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().compactMap {
      let cells = $0.split(separator: "\t").map(String.init)
      guard cells.count == 4, let index = Int(cells[1]) else { return nil }
      return Sample(file: cells[0], labelIndex: index, label: cells[2], digest: cells[3])
    }
  }()

  static let modelPath = repositoryPath("samples/models/efficientnet_lite0_224.int8.tflite")

  /// Those that this CPU has and that are more than the portable definition.
  static var instructionSets: [String] {
    let present = vd_cpu_isa_mask()
    return [VD_ISA_AVX2, VD_ISA_NEON].filter { present & (1 << $0.rawValue) != 0 }
      .map { String(cString: vd_isa_name($0)) }
  }

  /// Loads once: without optimisation that takes longer than a frame.
  private func check(_ samples: [Sample], _ kernels: KernelSelection) throws {
    let file = try ModelFile(path: SampleTests.modelPath)
    var network = try Network(file, kernels: kernels)
    var preprocessor = try Preprocessor(file.preprocessing, input: network.input)
    var decoder = try JPEGDecoder()
    var pixels = PixelBuffer()
    var input = Tensor(
      shape: network.input.shape, elementType: network.input.elementType,
      quantization: network.input.quantization)
    var output = Tensor(
      shape: network.output.shape, elementType: network.output.elementType,
      quantization: network.output.quantization)
    for sample in samples {
      let jpeg = try readFile(repositoryPath("samples/frames/" + sample.file))
      let info = try jpeg.withUnsafeBytes {
        try decoder.decode($0, for: preprocessor.target, into: &pixels)
      }
      preprocessor.run(pixels, info, into: &input)
      network.run(input: input, output: &output)
      let digest = output.withUnsafeBytes { hexadecimal(SHA256.hash($0)) }
      #expect(digest == sample.digest, "\(sample.file)")
      let best = network.topClasses(1, of: output).first
      #expect(best?.index == sample.labelIndex, "\(sample.file)")
      let label = file.labels?[sample.labelIndex]
      #expect(label == sample.label, "\(sample.file)")
    }
  }

  @Test("The list names five frames, each with the right label")
  func list() {
    #expect(SampleTests.samples.count == 5)
    #expect(
      SampleTests.samples.map(\.label) == [
        "Egyptian cat", "tiger cat", "espresso", "tripod", "missile",
      ])
  }

  @Test("Scalar kernels give each frame's label and exact output")
  func scalar() throws { try check(SampleTests.samples, .scalar) }

  // One frame: what differs from scalar for any differs for this one, and without optimisation
  // vector kernels are slow.
  @Test("Each instruction set gives the same bits", arguments: instructionSets)
  func vector(_ name: String) throws {
    let kernels = try #require(KernelSelection(upTo: name))
    try check(SampleTests.samples.suffix(1), kernels)
  }
}
