import ArgumentParser
import Inference
import Model
import Tensors
import Watch

/// `vedette infer`: the network alone, raw tensors in and out.
struct InferCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "infer",
    abstract: "Runs a model on raw bytes: the input tensor in, the output tensor out.",
    discussion: """
      For comparing runtimes. --dump writes each operator's output as DIR/<tensor index>.raw, and \
      --given replaces it, once written, by DIR/<tensor index>.raw where there is such a file: so \
      each operator can be compared on inputs that another runtime computed.

      EXAMPLES
        vedette preprocess --model m.tflite cat.jpg --output in.raw
        vedette infer m.tflite --input in.raw --output out.raw --digest
      """)

  @Argument(help: ArgumentHelp("An int8 TensorFlow Lite file.", valueName: "model"))
  var model: String

  @Option(help: ArgumentHelp("The input tensor's bytes.", valueName: "file"))
  var input: String

  @Option(help: ArgumentHelp("Where the output tensor's bytes go.", valueName: "file"))
  var output: String?

  @Option(help: ArgumentHelp("A folder for each operator's output.", valueName: "dir"))
  var dump: String?

  @Option(help: ArgumentHelp("A folder of outputs to go on with.", valueName: "dir"))
  var given: String?

  @Option(help: ArgumentHelp("Threads that compute together.", valueName: "count"))
  var threads = 1

  @Flag(help: "Print the SHA-256 of the output.") var digest = false

  @OptionGroup var kernels: KernelOptions

  func validate() throws {
    guard (1...256).contains(threads) else {
      throw ValidationError("--threads takes a number from 1 to 256")
    }
  }

  func run() throws {
    let file = try loadModel(model)
    var network = try plan(file, kernels.selection, threads: threads)
    let bytes = try readFile(input, limit: network.input.byteCount)
    guard bytes.count == network.input.byteCount else {
      throw CommandFailure(
        message: "\(input): \(bytes.count) bytes; the input \(network.input.shape) of "
          + "\(network.input.elementType) has \(network.input.byteCount)")
    }
    var from = Tensor(network.input)
    var to = Tensor(network.output)
    from.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
    var failure: (any Error)?
    network.run(input: from, output: &to) { tensor, bytes in
      do { try exchange(tensor, bytes) } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
    if let output { try to.withUnsafeBytes { try writeFile($0, to: output) } }
    if digest { printData(to.withUnsafeBytes { hexadecimal(SHA256.hash($0)) }) }
  }

  private func exchange(_ tensor: Int, _ bytes: UnsafeMutableRawBufferPointer) throws {
    if let dump { try writeFile(UnsafeRawBufferPointer(bytes), to: "\(dump)/\(tensor).raw") }
    if let given, let replacement = try? readFile("\(given)/\(tensor).raw", limit: bytes.count) {
      guard replacement.count == bytes.count else {
        throw CommandFailure(
          message: "\(given)/\(tensor).raw: \(replacement.count) bytes, not \(bytes.count)")
      }
      bytes.copyBytes(from: replacement)
    }
  }
}

/// Reads and checks a model file.
func loadModel(_ path: String, labelsPath: String? = nil) throws -> ModelFile {
  do throws(ModelError) {
    return try ModelFile(path: path, labelsPath: labelsPath)
  } catch {
    throw CommandFailure(message: error.description)
  }
}

/// Plans a model for running.
func plan(
  _ file: borrowing ModelFile, _ kernels: KernelSelection, threads: Int = 1
) throws -> Network {
  do throws(InferenceError) {
    return try Network(file, kernels: kernels, threads: threads)
  } catch {
    throw CommandFailure(message: "\(file.path): \(error)")
  }
}
