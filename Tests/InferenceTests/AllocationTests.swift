import CAllocations
import Inference
import Model
import Tensors
import Testing

@Suite("Allocations")
struct AllocationTests {
  @Test(
    "A run allocates nothing",
    arguments: ["tiny-network", "float-edges", "uint8-edges", "pad-conv", "requantize"])
  func none(name: String) throws {
    let file = try ModelFile(path: goldenPath(name + ".tflite"))
    let bytes = try readFile(goldenPath(name + ".input"))
    for (isa, threads) in KernelSelection.names.map({ ($0, 1) }) + [("auto", 2)] {
      let kernels = try #require(KernelSelection(upTo: isa))
      var network = try Network(file, kernels: kernels, threads: threads)
      var input = Tensor(
        shape: network.input.shape, elementType: network.input.elementType,
        quantization: network.input.quantization)
      var output = Tensor(
        shape: network.output.shape, elementType: network.output.elementType,
        quantization: network.output.quantization)
      input.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
      // The first run of all may make what the runtime keeps, type metadata for one.
      network.run(input: input, output: &output)
      vd_count_allocations()
      for _ in 0..<3 { network.run(input: input, output: &output) }
      let count = vd_counted_allocations()
      #expect(count == 0, "\(name) on \(isa)")
    }
  }

  @Test("The counter sees what is allocated")
  func counter() {
    vd_count_allocations()
    let bytes = AlignedBytes(count: 1000)
    let array = [UInt8](repeating: 1, count: bytes.count)
    let count = vd_counted_allocations()
    #expect(count >= 2 && array.count == 1000)
  }
}
