import FloatGraph
import Inference
import Model
import Tensors

/// A quantised graph as the device runs it: written as a file for each size, read back, and run by
/// the integer kernels.
struct DeployedNetwork: Sendable {
  /// By size: the file's bytes.
  private let files: [[UInt8]]
  /// By size: the tensor that holds each value, by value.
  let tensorOfValue: [[Int: Int]]

  init(
    _ graph: FloatGraph, plan: QuantizationPlan, sizes: [ImageExtents]
  ) throws(QuantizationError) {
    var files: [[UInt8]] = []
    var tensors: [[Int: Int]] = []
    for size in sizes {
      var graph = graph
      graph.inputExtents = size
      let lowered = try LoweredGraph(graph, plan: plan, sizes: [size])
      files.append(try lowered.file(ModelFileDescription()))
      tensors.append(lowered.tensorOfValue)
    }
    self.files = files
    tensorOfValue = tensors
  }

  /// One thread's networks, one for each size.
  func runner() throws(QuantizationError) -> DeployedRunner {
    var networks: [DeployedRunner.One] = []
    for bytes in files {
      var memory = AlignedBytes(count: bytes.count)
      memory.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
      let network: Network
      do {
        network = try DeployedNetwork.network(memory)
      } catch {
        throw .unusableFile(reason: error.reason)
      }
      networks.append(DeployedRunner.One(network))
    }
    return DeployedRunner(networks)
  }

  private struct Refusal: Error {
    let reason: String
  }

  private static func network(_ bytes: consuming AlignedBytes) throws(Refusal) -> Network {
    let file: ModelFile
    do {
      file = try ModelFile(bytes: bytes, path: "the quantised network")
    } catch {
      throw Refusal(reason: "\(error)")
    }
    do {
      return try Network(file)
    } catch {
      throw Refusal(reason: "\(error)")
    }
  }
}

/// Networks that one thread runs. A class because networks are not copyable and go into no array.
final class DeployedRunner {
  fileprivate final class One {
    var network: Network
    var input: Tensor
    var output: Tensor

    init(_ network: consuming Network) {
      input = Tensor(
        shape: network.input.shape, elementType: network.input.elementType,
        quantization: network.input.quantization)
      output = Tensor(
        shape: network.output.shape, elementType: network.output.elementType,
        quantization: network.output.quantization)
      self.network = network
    }
  }

  private let networks: [One]

  fileprivate init(_ networks: [One]) { self.networks = networks }

  /// Runs one size and lends its stored output.
  func run<R>(
    _ stored: [Int8], size: Int, _ body: (UnsafeBufferPointer<Int8>) throws -> R
  ) rethrows -> R {
    let one = networks[size]
    stored.withUnsafeBytes { stored in
      one.input.withUnsafeMutableBytes { $0.copyMemory(from: stored) }
    }
    one.network.run(input: one.input, output: &one.output)
    return try one.output.withUnsafeBytes { try body($0.bindMemory(to: Int8.self)) }
  }

  /// Runs one size and returns the answer in real numbers; `observe` sees each operator's output.
  func answer(
    _ stored: [Int8], size: Int, observe: (Int, UnsafeRawBufferPointer) -> Void = { _, _ in }
  ) -> [Float] {
    let one = networks[size]
    stored.withUnsafeBytes { stored in
      one.input.withUnsafeMutableBytes { $0.copyMemory(from: stored) }
    }
    one.network.run(input: one.input, output: &one.output) { tensor, bytes in
      observe(tensor, UnsafeRawBufferPointer(bytes))
    }
    guard let quantization = one.network.output.quantization else { return [] }
    return one.output.withUnsafeBytes { bytes in
      bytes.bindMemory(to: Int8.self).map {
        quantization.scale * Float(Int32($0) - quantization.zeroPoint)
      }
    }
  }
}
