import Journal
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// A pipe whose two ends close with the test.
private final class Pipe {
  let reader: Int32
  let writer: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0, "no pipe")
    (reader, writer) = (ends[0], ends[1])
  }

  deinit {
    close(reader)
    close(writer)
  }

  /// What is in the pipe now, without waiting for more.
  func contents() -> String {
    _ = fcntl(reader, F_SETFL, O_NONBLOCK)
    return read(upTo: .max)
  }

  func read(upTo limit: Int) -> String {
    var bytes: [UInt8] = []
    var buffer: [UInt8] = Array(repeating: 0, count: 4096)
    while bytes.count < limit {
      let count = Glibc.read(reader, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

@Suite("Lines for a terminal")
struct LineSinkTests {
  @Test("puts detections on one stream and everything else on the other")
  func streams() throws {
    let (output, talk) = (Pipe(), Pipe())
    let sink = LineSink(output: output.writer, talk: talk.writer)
    let line = "tabby cat 0.87 (front-door/0001.jpg, 6.1 ms)"
    try sink.write(JournalEntry(.detection, .notice, line))
    try sink.write(JournalEntry(.frameRefused, .warning, "x\ny.jpg: truncated"))
    try sink.write(JournalEntry(nil, .debug, "frame 1 claimed"))
    #expect(output.contents() == line + "\n")
    #expect(talk.contents() == "x\\ny.jpg: truncated\n")
  }

  @Test("leaves the form of a line to its user")
  func rendering() throws {
    let output = Pipe()
    let sink = LineSink(output: output.writer, talk: output.writer) { entry in
      entry.first(.label).map { .output("{\"label\":\"\($0)\"}") }
    }
    var entry = JournalEntry(.detection, .notice, "tabby cat")
    entry.append(.label, "tabby cat")
    try sink.write(entry)
    try sink.write(JournalEntry(nil, .info, "no label, no line"))
    #expect(output.contents() == "{\"label\":\"tabby cat\"}\n")
  }

  @Test("writes a long line whole to a slow reader whose pipe does not block")
  func slowReader() throws {
    let output = Pipe()
    let setPipeSize: Int32 = 1031
    _ = fcntl(output.writer, setPipeSize, 4096)
    _ = fcntl(output.writer, F_SETFL, O_NONBLOCK)
    let line = String(repeating: "0123456789", count: 6000)
    let writer = try JournalWriter(sink: LineSink(output: output.writer, talk: output.writer))
    writer.enqueue(JournalEntry(.detection, .notice, line))
    #expect(output.read(upTo: 60_001) == line + "\n")
    #expect(writer.close())
  }

  @Test("tells a stream that is gone from one that is busy")
  func errors() {
    let sink = LineSink(output: -1, talk: -1)
    let error = journalError { () throws(JournalError) in
      try sink.write(JournalEntry(.detection, .notice, "x"))
    }
    #expect(error == .system(call: "write", errno: EBADF))
    #expect(error?.isTemporary == false)
    #expect(JournalError.system(call: "sd_journal_sendv", errno: ECONNREFUSED).isTemporary)
  }
}

@Suite("The choice of the journal")
struct JournalChoiceTests {
  private func stream(of descriptor: Int32, inodeOffset: UInt64 = 0) -> String {
    var status = stat()
    fstat(descriptor, &status)
    return "\(status.st_dev):\(UInt64(status.st_ino) + inodeOffset)"
  }

  @Test("is the journal where the variable names the descriptor's own file")
  func connected() {
    let pipe = Pipe()
    let variable = stream(of: pipe.writer)
    #expect(SystemdJournalSink.isConnected(pipe.writer, environment: variable))
  }

  @Test("is not the journal where the stream was replaced, or the variable is no such thing")
  func notConnected() {
    let pipe = Pipe()
    let other = stream(of: pipe.writer, inodeOffset: 1)
    for variable in [other, "", ":", "1", "1:2:3", "a:b", "-1:-1", "99999999999999999999:1"] {
      #expect(!SystemdJournalSink.isConnected(pipe.writer, environment: variable), "\(variable)")
    }
    #expect(!SystemdJournalSink.isConnected(pipe.writer, environment: nil))
    #expect(!SystemdJournalSink.isConnected(-1, environment: stream(of: pipe.writer)))
  }
}
