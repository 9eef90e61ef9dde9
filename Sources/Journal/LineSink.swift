#if canImport(Glibc)
import Glibc
#endif

/// Entries as lines of text, for a program that runs in a terminal.
///
/// Detections are data and go to the first descriptor, everything else is talk and goes to the
/// second, as tools that feed pipes do it. The descriptors stay the caller's.
public struct LineSink: JournalSink {
  /// An entry's line, without the line break.
  public enum Line: Equatable, Sendable {
    case output(String)
    case talk(String)
  }

  private let output: Int32
  private let talk: Int32
  private let render: @Sendable (JournalEntry) -> Line?

  /// - Parameters:
  ///   - output: for data; standard output unless told.
  ///   - talk: for everything else; standard error unless told.
  ///   - render: the entry's line, or nil for none. It answers for its own escaping; the entry's
  ///     message is escaped already. Runs on the writer's thread.
  public init(
    output: Int32 = 1, talk: Int32 = 2,
    render: @escaping @Sendable (JournalEntry) -> Line? = LineSink.plain
  ) {
    self.output = output
    self.talk = talk
    self.render = render
  }

  /// The message as the journal would show it; entries of priority debug have no line.
  @Sendable public static func plain(_ entry: JournalEntry) -> Line? {
    guard entry.priority < .debug else { return nil }
    return entry.messageID == .detection ? .output(entry.message) : .talk(entry.message)
  }

  public func write(_ entry: JournalEntry) throws(JournalError) {
    switch render(entry) {
    case .output(let line): try Self.write(line, to: output)
    case .talk(let line): try Self.write(line, to: talk)
    case nil: break
    }
  }

  /// Writes the whole line, also where a full pipe takes it in parts or does not block.
  private static func write(_ line: String, to descriptor: Int32) throws(JournalError) {
    let bytes = Array((line + "\n").utf8)
    var done = 0
    while done < bytes.count {
      let (count, number) = bytes.withUnsafeBytes { buffer in
        let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
        return (count, errno)
      }
      if count >= 0 {
        done += count
      } else if number == EAGAIN {
        var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&poller, 1, -1)
      } else if number != EINTR {
        throw .system(call: "write", errno: number)
      }
    }
  }
}
