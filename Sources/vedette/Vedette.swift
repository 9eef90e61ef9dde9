import ArgumentParser

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The program for people: the service's own code, one command at a time.
@main
struct Vedette: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vedette",
    abstract: "Names what JPEGs show, on this machine alone, with an int8 network.",
    discussion: """
      Data goes to standard output, everything else to standard error. The exit status is 0 if all \
      went well, 1 if something failed, 2 for a wrong command line, 78 for a wrong configuration.

      EXAMPLES
        vedette classify --top 3 cat.jpg        what a picture shows
        vedette watch --json /srv/camera        each new picture of a folder
        ffmpeg -i rtsp://… -f mjpeg - | vedette watch -
        vedette inspect model.tflite            the operators of a model

      """ + hostExamples,
    version: "0.1.0",
    subcommands: [
      ClassifyCommand.self, WatchCommand.self, InspectCommand.self, CheckConfigCommand.self,
      BenchCommand.self, InferCommand.self, PreprocessCommand.self,
    ] + hostCommands)

  private static var hostExamples: String {
    #if canImport(Evaluation)
    """
      vedette evaluate model.tflite frames/   how often a model is right
      vedette quantize net.onnx --calibrate frames/ -o net.tflite
      vedette report net.tflite --float net.onnx --frames frames/ -o r.html
    """
    #else
    ""
    #endif
  }

  /// What a compiler for the device half alone does not build.
  private static var hostCommands: [any ParsableCommand.Type] {
    #if canImport(Evaluation)
    [QuantizeCommand.self, EvaluateCommand.self, ReportCommand.self]
    #else
    []
    #endif
  }

  /// Runs the command that the arguments name and exits with its status.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as CommandFailure {
      if let message = failure.message { printTalk("vedette: error: " + message) }
      Glibc.exit(failure.status)
    } catch {
      let status = exitCode(for: error)
      guard status != .success else { exit(withError: error) }
      printTalk(fullMessage(for: error))
      // ArgumentParser's own code for a wrong command line is sysexits' 64; GNU tools use 2.
      Glibc.exit(status == .validationFailure ? 2 : status.rawValue)
    }
  }
}

/// A command's end with a status other than 0.
struct CommandFailure: Error {
  /// Nil where everything was said already.
  var message: String?
  var status: Int32 = 1

  /// A configuration that is wrong: EX_CONFIG of sysexits.h.
  static let configurationStatus: Int32 = 78
}
