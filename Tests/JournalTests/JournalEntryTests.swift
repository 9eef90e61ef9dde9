import Journal
import Testing

@Suite("Journal entries")
struct JournalEntryTests {
  @Test("keeps its fields in order, repeated ones too")
  func order() {
    var entry = JournalEntry(.detection, .notice, "tabby cat 0.87")
    entry.append(.top5, "tabby cat 0.87")
    entry.append(.label, "tabby cat")
    entry.append(.top5, "tiger cat 0.08")
    entry.append(.labelIndex, 281)
    #expect(
      entry.fields.map(\.name) == [
        "MESSAGE", "PRIORITY", "MESSAGE_ID", "TOP5", "LABEL", "TOP5", "LABEL_INDEX",
      ])
    #expect(entry.values(.top5) == ["tabby cat 0.87", "tiger cat 0.08"])
    #expect(entry.first(.labelIndex) == "281")
    #expect(entry.first("PRIORITY") == "5")
    #expect(entry.first("MESSAGE_ID") == MessageID.detection.rawValue)
    #expect(entry.first(.frameID) == nil)
  }

  @Test("keeps any bytes in a value: line breaks, '=', NUL, invalid UTF-8, nothing")
  func bytes() {
    let name: [UInt8] = [0x61, 0x0A, 0x3D, 0x00, 0xFF, 0x62]
    var entry = JournalEntry(nil, .debug, "x")
    entry.append(.framePath, bytes: name)
    entry.append(.reason, "")
    #expect(entry.fields.map(\.name) == ["MESSAGE", "PRIORITY", "FRAME_PATH", "REASON"])
    #expect(entry.fields[2].value == name)
    #expect(entry.fields[3].value == [])
  }

  @Test("has one line for a message, whatever names are in it")
  func message() {
    let entry = JournalEntry(.frameRefused, .warning, "a\nb\u{1B}[2J")
    #expect(entry.message == "a\\nb\\x1B[2J")
  }

  @Test("cuts a value that is far too long")
  func limit() {
    var entry = JournalEntry(nil, .info, "x")
    entry.append(.detail, bytes: Array(repeating: 0x61, count: 1 << 20))
    #expect(entry.fields.last?.value.count == JournalEntry.maximumValueBytes)
    #expect(entry.byteCount < JournalEntry.maximumValueBytes + 256)
  }

  @Test("orders priorities as syslog does: the worse, the lower")
  func priorities() {
    #expect(JournalEntry.Priority.emergency.rawValue == 0)
    #expect(JournalEntry.Priority.debug.rawValue == 7)
    #expect(JournalEntry.Priority.warning < .notice)
  }
}

@Suite("Text for terminals")
struct TerminalTextTests {
  @Test(
    "makes control characters and direction marks visible",
    arguments: [
      ("plain.jpg", "plain.jpg"), ("Käse 🧀.jpg", "Käse 🧀.jpg"), ("a\nb", "a\\nb"),
      ("a\r\tb", "a\\r\\tb"), ("\u{0}\u{7F}", "\\x00\\x7F"), ("\u{9B}31m", "\\x9B31m"),
      ("\u{202E}gpj.exe", "\\u{202E}gpj.exe"), ("a\u{2028}b", "a\\u{2028}b"),
      ("back\\slash", "back\\slash"), ("", ""),
    ])
  func escapes(text: String, expected: String) {
    #expect(escapedForTerminal(text) == expected)
    #expect(escapedForTerminal(expected) == expected)
  }

  @Test("repairs bytes that are no UTF-8")
  func repairs() {
    #expect(escapedForTerminal([0x61, 0xFF, 0x0A]) == "a\u{FFFD}\\n")
  }

  @Test(
    "writes decimals without Foundation",
    arguments: [
      (0.874, 2, "0.87"), (0.875, 2, "0.88"), (6.05, 0, "6"), (6.123, 1, "6.1"),
      (-1.005, 1, "-1.0"), (0.004, 2, "0.00"), (12.0, 3, "12.000"), (0.05, 1, "0.1"),
      (.nan, 2, "nan"), (.infinity, 2, "inf"),
    ])
  func decimals(value: Double, places: Int, expected: String) {
    #expect(decimalText(value, places: places) == expected)
  }
}
