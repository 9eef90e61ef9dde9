import Journal
import Testing

@Suite("Field names")
struct FieldNameTests {
  @Test(
    "takes what journald takes",
    arguments: ["MESSAGE", "A", "TOP5", "A_", "FRAME_ID", String(repeating: "A", count: 64)])
  func accepts(text: String) throws {
    #expect(try FieldName(text).text == text)
  }

  @Test(
    "refuses what journald would drop without a word",
    arguments: [
      "", "_PID", "5TOP", "frame", "FRAME ID", "FRAME=ID", "FRAME\n", "ÄRGER", "A-B",
      String(repeating: "A", count: 65),
    ])
  func refuses(text: String) {
    #expect(throws: JournalError.self) { try FieldName(text) }
  }

  @Test("says which name and which rule")
  func explains() {
    let text = "_P\u{1B}ID"
    let error = journalError { () throws(JournalError) in _ = try FieldName(text) }
    #expect(
      error?.description
        == "journal field '_P\\x1BID': starts with '_', which journald keeps for itself")
  }
}
