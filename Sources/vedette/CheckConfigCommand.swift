import ArgumentParser
import Watch

/// `vedette check-config`: the service's own reading of its configuration.
struct CheckConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check-config",
    abstract: "Checks a configuration file as the service would read it.",
    discussion: """
      Prints every fault with its line and column; exit status 78 if there is one. --print shows \
      all settings that are in force, defaults included, as a configuration file.

      EXAMPLES
        vedette check-config
        vedette check-config --print my.toml
      """)

  @Flag(name: .customLong("print"), help: "Print the settings that are in force.")
  var printSettings = false

  @Argument(
    help: ArgumentHelp("The file [default: \(Configuration.defaultPath)].", valueName: "file"))
  var file: String?

  func run() throws {
    do throws(ConfigurationError) {
      let configuration = try Configuration.load(path: file)
      if printSettings {
        printData(configuration.renderedTOML())
      } else {
        printTalk("\(file ?? Configuration.defaultPath): no faults")
      }
    } catch {
      printTalk(error.description)
      throw CommandFailure(message: nil, status: CommandFailure.configurationStatus)
    }
  }
}
