import ArgumentParser
import Vision
import Watch

/// `vedette preprocess`: the exact input that the network would get for a picture.
struct PreprocessCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preprocess",
    abstract: "Writes the network's input for a JPEG: decoded, cropped, resized, normalised.",
    discussion: """
      EXAMPLES
        vedette preprocess --model m.tflite cat.jpg --output in.raw
      """)

  @OptionGroup var model: ModelOptions

  @Argument(help: ArgumentHelp("A JPEG file.", valueName: "file")) var file: String

  @Option(help: ArgumentHelp("Where the input tensor's bytes go, NHWC.", valueName: "file"))
  var output: String

  func run() throws {
    var classifier = try model.classifier(candidates: 1)
    let bytes = try readFile(file, limit: DecodeLimits().maximumByteCount)
    let result: Result<[UInt8], VisionError> = bytes.withUnsafeBytes { bytes in
      do throws(VisionError) {
        return .success(try classifier.withPreprocessed(bytes) { Array($0) })
      } catch {
        return .failure(error)
      }
    }
    switch result {
    case .success(let tensor): try tensor.withUnsafeBytes { try writeFile($0, to: output) }
    case .failure(let error): throw CommandFailure(message: "\(file): \(error.message)")
    }
  }
}
