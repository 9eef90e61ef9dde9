import Frames

#if canImport(Glibc)
import Glibc
#endif

/// A watch folder in a temporary folder, and what a producer does with it.
struct SpoolFixture {
  let folder = TemporaryFolder()
  var configuration: SpoolConfiguration

  static let image = FakeJPEG.image(seed: 51)

  init(after: SpoolConfiguration.Disposal = .delete) {
    configuration = SpoolConfiguration(incoming: folder.path + "/incoming")
    configuration.after = after
    mkdir(configuration.incoming, 0o755)
    mkdir(folder.path + "/outside", 0o755)
  }

  func path(_ name: String) -> String { configuration.incoming + "/" + name }
  var incoming: [String] { Files.list(configuration.incoming) }
  var work: [String] { Files.list(configuration.work) }
  var done: [String] { Files.list(configuration.done) }
  var quarantine: [String] { Files.list(configuration.quarantine) }

  /// A spool after its start, as the daemon starts it.
  func start(now: MonotonicTime = .start) throws -> FolderSpool {
    var spool = try FolderSpool(configuration, now: now)
    try spool.recover(now: now)
    spool.scan(now: now)
    return spool
  }

  /// Writes the file elsewhere and renames it in.
  func renameIn(_ name: String, _ bytes: [UInt8] = SpoolFixture.image) {
    renameIn(Array(name.utf8), bytes)
  }

  func renameIn(_ name: [UInt8], _ bytes: [UInt8] = SpoolFixture.image) {
    let temporary = Array((folder.path + "/outside/new").utf8)
    Files.write(bytes, to: temporary)
    let target = Array(configuration.incoming.utf8) + [0x2F] + name
    let result = Files.withPath(temporary) { from in Files.withPath(target) { rename(from, $0) } }
    precondition(result == 0, "a rename failed: \(String(cString: strerror(errno)))")
  }

  /// Writes and closes the file in the folder.
  func copyIn(_ name: String, _ bytes: [UInt8] = SpoolFixture.image) {
    Files.write(bytes, to: path(name))
  }

  func setModificationTime(_ name: String, seconds: Int) {
    var times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
    precondition(utimensat(AT_FDCWD, path(name), &times, 0) == 0, "no times could be set")
  }

  /// The reason beside a quarantined file, by field.
  func reason(_ name: String) -> [String: String] {
    let text = String(
      decoding: Files.read(configuration.quarantine + "/" + name + ".reason") ?? [], as: UTF8.self)
    var fields: [String: String] = [:]
    for line in text.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[String(line[..<colon])] = String(line[line.index(colon, offsetBy: 2)...])
    }
    return fields
  }
}

/// All frames that are ready now, claimed and not finished.
func claimAll(_ spool: inout FolderSpool, _ now: MonotonicTime) throws -> [EncodedFrame] {
  var frames: [EncodedFrame] = []
  var rounds = 0
  while true {
    if let frame = try spool.nextFrame(now: now) {
      frames.append(frame)
    } else if !spool.isWorthAsking(now: now) {
      return frames
    }
    rounds += 1
    precondition(rounds < 100_000, "the spool is asked for ever")
  }
}

/// Takes the events that the kernel has queued; false where none came.
func takeEvents(_ spool: inout FolderSpool, _ now: MonotonicTime) -> Bool {
  guard let descriptor = spool.eventFileDescriptor, Files.waitUntilReadable(descriptor) else {
    return false
  }
  spool.drainEvents(now: now)
  return true
}

extension EncodedFrame {
  /// The file's name, as people see it.
  var name: String {
    guard case .file(let name, _) = origin else { return "" }
    return name.printable
  }
}
