import Journal
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// Writes to the journal of the machine, so only `Tests/systemd/journal.sh` runs it: in a
/// throw-away container, as a service. The script reads the entries back with journalctl.
@Suite(
  "A real journal",
  .enabled(
    if: getenv("VEDETTE_TEST_JOURNAL") != nil, "Tests/systemd/journal.sh runs this in a container"))
struct RealJournalTests {
  @Test("is found where the service manager connected us to it")
  func choice() {
    #expect(SystemdJournalSink.isConnected())
  }

  @Test("takes entries with any bytes, repeated fields, and one larger than a datagram")
  func entries() throws {
    let writer = try JournalWriter(
      sink: SystemdJournalSink(), limits: JournalWriter.Limits(byteCount: 16 << 20))
    var detection = JournalEntry(.detection, .notice, "tabby cat 0.87 (a\nb.jpg, 6.1 ms)")
    detection.append(.frameID, "vedette-test-1")
    detection.append(.framePath, bytes: Array("a\nb=\u{1}.jpg".utf8))
    detection.append(.label, "tabby cat")
    detection.append(.top5, "tabby cat 0.87")
    detection.append(.top5, "tiger cat 0.08")
    #expect(writer.enqueue(detection, token: 1))

    // Nearly a hundred fields of 64 KiB, past any socket's buffer: libsystemd hands over a file instead.
    var large = JournalEntry(nil, .info, "large")
    large.append(.frameID, "vedette-test-2")
    while large.fields.count < 100 {
      large.append(.detail, bytes: Array(repeating: 0x61, count: JournalEntry.maximumValueBytes))
    }
    #expect(writer.enqueue(large, token: 2))

    #expect(writer.flush(timeout: .seconds(20)))
    #expect(writer.drainCompletions() == [1, 2])
    #expect(writer.close())
  }

  @Test("loses nothing of a burst, and not the journal either")
  func burst() throws {
    let writer = try JournalWriter(sink: SystemdJournalSink())
    var token: UInt64 = 0
    var written: [UInt64] = []
    while written.count < 5000 {
      while token < 5000 {
        var entry = JournalEntry(.frameRecovered, .notice, "burst \(token)")
        entry.append(.frameID, "vedette-burst")
        guard writer.enqueue(entry, token: token) else { break }
        token += 1
      }
      var poller = pollfd(fd: writer.completionFileDescriptor, events: Int16(POLLIN), revents: 0)
      try #require(poll(&poller, 1, 20_000) == 1)
      written += writer.drainCompletions()
    }
    #expect(written == Array(0..<5000))
    #expect(writer.lossCount == 0)
    #expect(writer.close())
  }
}
