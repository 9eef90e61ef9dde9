import Journal
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("The journal's writer", .timeLimit(.minutes(2)))
struct JournalWriterTests {
  static let busy = JournalError.system(call: "sd_journal_sendv", errno: EAGAIN)
  static let closed = JournalError.system(call: "write", errno: EPIPE)
  static let patience = Duration.seconds(20)

  static func limits(_ entryCount: Int) -> JournalWriter.Limits {
    JournalWriter.Limits(entryCount: entryCount, retryPause: .microseconds(1))
  }

  /// True once the writer's descriptor is readable.
  static func awaitCompletion(_ writer: JournalWriter) -> Bool {
    var poller = pollfd(fd: writer.completionFileDescriptor, events: Int16(POLLIN), revents: 0)
    return poll(&poller, 1, 20_000) == 1
  }

  static func isReadable(_ descriptor: Int32) -> Bool {
    var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&poller, 1, 0) == 1
  }

  @Test("writes entries in the order that they came in, across many rounds of the ring")
  func order() throws {
    let sink = try FakeSink()
    let writer = try JournalWriter(sink: sink, limits: Self.limits(16))
    for round in 0..<40 {
      for number in 0..<16 { writer.enqueue(.numbered(round * 16 + number)) }
      #expect(writer.flush(timeout: Self.patience))
    }
    #expect(sink.messages == (0..<640).map(String.init))
    #expect(writer.lossCount == 0)
    #expect(writer.close())
  }

  @Test("never holds up its sender: a full ring loses entries, counts them and says so")
  func losses() throws {
    let sink = try FakeSink(isGateShut: true)
    let writer = try JournalWriter(sink: sink, limits: Self.limits(8))
    writer.enqueue(.numbered(0))
    // One entry is out of the ring and in the sink; eight find room.
    #expect(sink.waitUntilEntered())
    let taken = (1...20).filter { writer.enqueue(.numbered($0)) }
    #expect(taken == Array(1...8))
    #expect(writer.lossCount == 12)
    sink.openGate()
    #expect(writer.flush(timeout: Self.patience))

    let reports = sink.entries.filter { $0.messageID == .entriesLost }
    #expect(reports.map(\.message) == ["12 entries were not written to the journal"])
    #expect(reports.first?.priority == .warning)
    #expect(reports.first?.first(.count) == "12")
    let others = sink.entries.filter { $0.messageID == nil }.map(\.message)
    #expect(others == (0...8).map(String.init))
    // Halfway down, not after the last one: the report does not wait for a quiet moment.
    #expect(sink.entries.last?.messageID == nil)
    #expect(writer.close())
  }

  @Test("counts an entry that is larger than the whole ring as lost, and takes the next")
  func tooLarge() throws {
    let sink = try FakeSink()
    let writer = try JournalWriter(
      sink: sink, limits: JournalWriter.Limits(entryCount: 8, byteCount: 4096))
    var large = JournalEntry(nil, .info, "large")
    large.append(.detail, bytes: Array(repeating: 0x61, count: 5000))
    #expect(!writer.enqueue(large))
    #expect(writer.enqueue(.numbered(1)))
    #expect(writer.flush(timeout: Self.patience))
    #expect(writer.lossCount == 1)
    #expect(sink.messages.sorted() == ["1", "1 entry was not written to the journal"])
    #expect(writer.close())
  }

  @Test("hands a token back once its entry is written, and not before")
  func tokens() throws {
    let sink = try FakeSink(isGateShut: true)
    let writer = try JournalWriter(sink: sink, limits: Self.limits(8))
    for token in 100..<103 {
      let isTaken = writer.enqueue(.numbered(token), token: UInt64(token))
      #expect(isTaken)
    }
    #expect(sink.waitUntilEntered())
    #expect(writer.drainCompletions() == [])
    #expect(!Self.isReadable(writer.completionFileDescriptor))
    sink.openGate()
    #expect(Self.awaitCompletion(writer))
    #expect(writer.flush(timeout: Self.patience))
    #expect(writer.drainCompletions() == [100, 101, 102])
    #expect(writer.drainCompletions() == [])
    #expect(!Self.isReadable(writer.completionFileDescriptor))
    #expect(writer.close())
  }

  @Test("refuses an entry with a token rather than losing it, and leaves room for warnings")
  func refusal() throws {
    let sink = try FakeSink(isGateShut: true)
    let writer = try JournalWriter(sink: sink, limits: Self.limits(8))
    writer.enqueue(.numbered(0))
    #expect(sink.waitUntilEntered())
    let taken = (1...8).filter { writer.enqueue(.numbered($0), token: UInt64($0)) }
    #expect(taken == Array(1...6))
    #expect(writer.lossCount == 0)
    let warning = writer.enqueue(JournalEntry(.sourceOverflow, .warning, "overflow"))
    #expect(warning)
    sink.openGate()
    #expect(writer.flush(timeout: Self.patience))
    // The tokens count as under way until they are drained: the list of them is bounded too.
    #expect(!writer.enqueue(.numbered(7), token: 7))
    #expect(writer.drainCompletions() == [1, 2, 3, 4, 5, 6])
    #expect(writer.enqueue(.numbered(7), token: 7))
    #expect(writer.flush(timeout: Self.patience))
    #expect(writer.drainCompletions() == [7])
    #expect(writer.close())
  }

  @Test("tries an entry with a token until the journal takes it, once")
  func patience() throws {
    let sink = try FakeSink(errors: Array(repeating: Self.busy, count: 12))
    let writer = try JournalWriter(sink: sink, limits: Self.limits(8))
    writer.enqueue(.numbered(1), token: 1)
    #expect(writer.flush(timeout: Self.patience))
    #expect(writer.drainCompletions() == [1])
    #expect(sink.messages == ["1"])
    #expect(sink.attempts == 13)
    #expect(writer.close())
  }

  @Test("gives up on an entry without a token after some tries, and says so")
  func impatience() throws {
    let sink = try FakeSink(errors: Array(repeating: Self.busy, count: 8))
    let writer = try JournalWriter(sink: sink, limits: Self.limits(8))
    writer.enqueue(.numbered(1))
    #expect(writer.flush(timeout: Self.patience))
    #expect(sink.messages == ["1 entry was not written to the journal"])
    #expect(sink.attempts == 9)
    #expect(writer.close())
  }

  @Test("fails for good where nobody will ever read: no token comes back, nothing is taken")
  func failure() throws {
    let sink = try FakeSink(errors: [Self.closed])
    let writer = try JournalWriter(sink: sink, limits: Self.limits(8))
    writer.enqueue(.numbered(1), token: 1)
    #expect(Self.awaitCompletion(writer))
    #expect(writer.failure == Self.closed)
    #expect(writer.drainCompletions() == [])
    #expect(!writer.enqueue(.numbered(2), token: 2))
    #expect(!writer.enqueue(.numbered(3)))
    #expect(!writer.flush(timeout: Self.patience))
    #expect(!writer.close())
    #expect(sink.messages == [])
    #expect(writer.lossCount == 2)
  }

  @Test("writes what is queued before it closes, and takes nothing afterwards")
  func closing() throws {
    let sink = try FakeSink(isGateShut: true)
    let writer = try JournalWriter(sink: sink, limits: Self.limits(64))
    for number in 0..<50 { writer.enqueue(.numbered(number)) }
    #expect(sink.waitUntilEntered())
    sink.openGate()
    #expect(writer.close(timeout: Self.patience))
    #expect(sink.messages == (0..<50).map(String.init))
    #expect(!writer.enqueue(.numbered(50)))
    #expect(writer.close())
  }

  @Test("closes in time although the journal stands still")
  func blocked() throws {
    let sink = try FakeSink(isGateShut: true)
    let writer = try JournalWriter(sink: sink, limits: Self.limits(8))
    for number in 0..<4 { writer.enqueue(.numbered(number), token: UInt64(number)) }
    #expect(sink.waitUntilEntered())
    #expect(!writer.close(timeout: .milliseconds(1)))
    sink.openGate()
  }

  @Test("closes in time although the journal is only ever busy")
  func busyForEver() throws {
    let sink = try FakeSink(errors: Array(repeating: Self.busy, count: 1_000_000))
    let writer = try JournalWriter(sink: sink, limits: Self.limits(8))
    writer.enqueue(.numbered(1), token: 1)
    #expect(!writer.close(timeout: .milliseconds(1)))
    #expect(!writer.flush(timeout: .zero) || sink.messages == [])
  }

  @Test("accounts for every entry of many senders: written or counted as lost")
  func manySenders() async throws {
    let sink = try FakeSink()
    let writer = try JournalWriter(sink: sink, limits: Self.limits(64))
    let taken = await withTaskGroup(of: Int.self) { group in
      for sender in 0..<4 {
        group.addTask {
          (0..<500).filter { writer.enqueue(.numbered(sender * 500 + $0)) }.count
        }
      }
      return await group.reduce(0, +)
    }
    #expect(writer.flush(timeout: Self.patience))
    let reported = sink.entries.filter { $0.messageID == .entriesLost }
      .compactMap { $0.first(.count) }.compactMap(Int.init).reduce(0, +)
    let written = sink.entries.filter { $0.messageID == nil }
    #expect(written.count == taken)
    #expect(Set(written.map(\.message)).count == taken)
    #expect(taken + reported == 2000)
    #expect(writer.lossCount == UInt64(reported))
    #expect(writer.close())
  }
}
