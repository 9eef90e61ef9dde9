import ArgumentParser
import Frames
import Journal
import Watch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// `vedette watch`: the service's pipeline in a terminal.
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Classifies what comes into a folder or a pipe, a line a frame.",
    discussion: """
      A folder is only read: nothing in it is moved or deleted. A pipe carries JPEGs one after the \
      other, or MJPEG. Ends at the end of a pipe, at Ctrl-C, or with --once when the folder holds \
      nothing more to classify.

      EXAMPLES
        vedette watch /srv/camera
        vedette watch --once --json DIR
        ffmpeg -i rtsp://… -f mjpeg - | vedette watch -
      """)

  @OptionGroup var model: ModelOptions

  @Flag(help: "Print a JSON object a line.") var json = false

  @Flag(help: "End when the folder holds nothing more to classify.") var once = false

  @Option(help: ArgumentHelp("How many labels a JSON line has.", valueName: "count")) var top = 5

  @Argument(help: ArgumentHelp("A folder, a FIFO, or - for standard input.", valueName: "source"))
  var source: String

  func validate() throws {
    // A line is a journal entry's message, which is cut at 64 KiB: a thousand labels may be more.
    guard (1...100).contains(top) else {
      throw ValidationError("--top takes a number from 1 to 100")
    }
  }

  func run() throws {
    var settings = WatchSettings(
      classifier: try model.settings(candidates: top, model.kernels.selection))
    settings.endsWhenDrained = once
    if source == "-" {
      settings.stream = .descriptor(STDIN_FILENO, name: "stdin")
    } else if isFolder(source) {
      var folder = SpoolConfiguration(incoming: source)
      folder.after = .leave
      // Who asks for what is there now does not wait a minute for the rest of a broken file.
      if once { folder.giveUpTime = folder.settleTime }
      settings.folder = folder
    } else {
      settings.stream = .fifo(path: source)
    }
    let json = json
    let sink = LineSink { entry in
      guard json else { return LineSink.plain(entry) }
      let isFrame = entry.messageID == .detection || entry.messageID == .frameRefused
      return isFrame ? .output(entry.message) : LineSink.plain(entry)
    }
    do throws(WatchError) {
      let daemon = try Daemon(settings, sink: sink, presentation: json ? .json : .journal)
      let status = try daemon.run()
      if status != 0 { throw WatchError.system(reason: "") }
    } catch {
      let text = error.description
      throw CommandFailure(message: text.isEmpty ? nil : text)
    }
  }

  private func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
