import ArgumentParser
import Inference
import Watch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The instruction sets that the kernels may use, as an option.
struct KernelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Use no instruction set above this one; the results are the same, bit for bit.",
      discussion: "The environment variable VEDETTE_CPU sets it too.", valueName: "name"))
  var isa: String?

  var selection: KernelSelection {
    get throws {
      guard let name = isa ?? getenv("VEDETTE_CPU").map({ String(cString: $0) }) else {
        return .best
      }
      guard let selection = KernelSelection(upTo: name) else {
        throw ValidationError(
          "no instruction set '\(name)'; there are auto, "
            + KernelSelection.names.joined(separator: ", "))
      }
      return selection
    }
  }
}

/// The model and what is done to a picture before it sees it, as options.
struct ModelOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("An int8 TensorFlow Lite file.", valueName: "file"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "A text file with a label a line, instead of the model's.", valueName: "file"))
  var labels: String?

  @OptionGroup var kernels: KernelOptions

  /// The model that was named, or the installed one.
  var path: String { model ?? Configuration().modelPath() }

  /// Loads the model.
  func classifier(candidates: Int) throws -> Classifier {
    let settings = settings(candidates: candidates, try kernels.selection)
    do throws(WatchError) {
      return try Classifier(settings)
    } catch {
      throw CommandFailure(message: error.description + adviceOnMissingModel(model))
    }
  }

  func settings(candidates: Int, _ kernels: KernelSelection) -> Classifier.Settings {
    Classifier.Settings(
      modelPath: path, labelsPath: labels, candidateCount: candidates, kernels: kernels)
  }
}

/// What to add to an error about the installed model where none was named: it may not be installed.
func adviceOnMissingModel(_ named: String?) -> String {
  guard named == nil, access(Configuration().modelPath(), R_OK) != 0 else { return "" }
  return "; no model is installed here, name one with --model"
}
