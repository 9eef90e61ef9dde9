import Journal
import Watch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Runs the service and returns its exit status: 0, 1 for trouble, 2 for a wrong command line, 78
/// for a wrong configuration.
func serve(_ arguments: [String]) -> Int32 {
  var configurationPath: String?
  var rest = arguments[...]
  while let argument = rest.popFirst() {
    switch argument {
    case "--config":
      guard let path = rest.popFirst() else { return say(usage, status: 2) }
      configurationPath = path
    case "--help", "-h": return say(usage, status: 0)
    case "--version": return say("vedetted 0.1.0", status: 0)
    default: return say("vedetted: error: unknown argument '\(argument)'\n" + usage, status: 2)
    }
  }
  do throws(WatchError) {
    let settings = try addingPipe(to: try loadSettings(configurationPath))
    let daemon = try Daemon(
      settings, sink: chosenSink(),
      reload: { () throws(WatchError) in try loadSettings(configurationPath) })
    return try daemon.run()
  } catch {
    return fail(error, configurationPath ?? Configuration.defaultPath)
  }
}

private let usage = """
  usage: vedetted [--config FILE]

  Watches a folder and a pipe for JPEGs and writes what they show to the systemd journal.
  systemd runs it as vedette.service; in a terminal it prints the same lines.

    --config FILE  the configuration  [\(Configuration.defaultPath)]
    --version
    --help

  SIGHUP reads the configuration anew, SIGTERM finishes the frame in hand and ends.
  """

private func loadSettings(_ path: String?) throws(WatchError) -> WatchSettings {
  do throws(ConfigurationError) {
    return WatchSettings(
      try Configuration.load(path: path), path: path ?? Configuration.defaultPath)
  } catch {
    throw .configuration(error)
  }
}

/// The FIFO that the service manager opened for us, if it did.
private func addingPipe(to settings: WatchSettings) throws(WatchError) -> WatchSettings {
  var settings = settings
  do throws(JournalError) {
    if let passed = try ServiceNotifier.takeListenFileDescriptors().first {
      settings.stream = .descriptor(passed.descriptor, name: passed.name)
    }
  } catch {
    throw .system(reason: error.description)
  }
  guard settings.folder != nil || settings.stream != nil else { throw .noSource }
  return settings
}

/// Says why the service cannot start or go on, and returns its exit status.
private func fail(_ error: WatchError, _ configurationPath: String) -> Int32 {
  let isConfiguration: Bool
  switch error {
  case .configuration, .noSource: isConfiguration = true
  default: isConfiguration = false
  }
  let status = isConfiguration ? Daemon.configurationStatus : 1
  guard SystemdJournalSink.isConnected() else {
    if case .configuration = error { return say(error.description, status: status) }
    return say("vedetted: error: \(error)", status: status)
  }
  let entries =
    isConfiguration
    ? error.refusals(of: configurationPath) : [JournalEntry(nil, .error, error.description)]
  for entry in entries {
    guard (try? SystemdJournalSink().write(entry)) != nil else {
      return say(error.description, status: status)
    }
  }
  return status
}

/// The journal if standard error leads there, else lines on the terminal.
private func chosenSink() -> any JournalSink {
  if SystemdJournalSink.isConnected() { return SystemdJournalSink() }
  return LineSink()
}

/// Prints text and returns the status: to standard output if all is well.
private func say(_ text: String, status: Int32) -> Int32 {
  let line = text + "\n"
  _ = line.withCString { write(status == 0 ? STDOUT_FILENO : STDERR_FILENO, $0, strlen($0)) }
  return status
}
