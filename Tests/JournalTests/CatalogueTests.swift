import Journal
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// The catalogue that is installed must explain each kind of entry, and no other.
@Suite("The message catalogue")
struct CatalogueTests {
  struct Section {
    let id: String
    let headers: [String: String]
    let body: [String]
  }

  static let sections: [Section] = {
    var sections: [Section] = []
    for block in catalogue().split(separator: "\n-- ", omittingEmptySubsequences: true) {
      let lines = block.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      let isSection = lines[0].count == 32 && lines[0].allSatisfy(\.isHexDigit)
      guard isSection else { continue }
      var headers: [String: String] = [:]
      let end = lines.firstIndex(of: "") ?? lines.endIndex
      for line in lines[1..<end] {
        let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { continue }
        headers[parts[0]] = String(parts[1].drop { $0 == " " })
      }
      sections.append(Section(id: lines[0], headers: headers, body: Array(lines[end...])))
    }
    return sections
  }()

  /// deploy/vedette.catalog, from this file's own place in the repository.
  static func catalogue() -> String {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    guard let file = fopen("/\(root)/deploy/vedette.catalog", "r") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var byte = fgetc(file)
    while byte != EOF {
      bytes.append(UInt8(truncatingIfNeeded: byte))
      byte = fgetc(file)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("explains every message ID once, and none that we never send")
  func complete() {
    let documented = Self.sections.map(\.id)
    #expect(documented.sorted() == MessageID.allCases.map(\.rawValue).sorted())
  }

  @Test("has a subject, our name and an explanation for each", arguments: MessageID.allCases)
  func explained(messageID: MessageID) throws {
    let section = try #require(Self.sections.first { $0.id == messageID.rawValue })
    #expect(section.headers["Subject"]?.isEmpty == false)
    #expect(section.headers["Defined-By"] == "Vedette")
    #expect(section.body.joined().count > 80)
    // journalctl prints it on 80 columns, indented.
    #expect(section.body.allSatisfy { $0.count <= 78 })
  }

  @Test("fills in only fields that every entry of the kind has", arguments: MessageID.allCases)
  func fields(messageID: MessageID) throws {
    let section = try #require(Self.sections.first { $0.id == messageID.rawValue })
    let text = section.headers["Subject", default: ""] + "\n" + section.body.joined(separator: "\n")
    // Every second piece between '@' signs is a field.
    let pieces = text.split(separator: "@", omittingEmptySubsequences: false)
    #expect(pieces.count % 2 == 1)
    for index in stride(from: 1, to: pieces.count, by: 2) {
      let name = try FieldName(String(pieces[index]))
      #expect(messageID.guaranteedFields.contains(name), "\(name)")
    }
  }

  @Test("promises only known fields", arguments: MessageID.allCases)
  func known(messageID: MessageID) {
    #expect(messageID.guaranteedFields.isSubset(of: FieldName.known))
  }

  @Test("has IDs of 128 random bits", arguments: MessageID.allCases)
  func format(messageID: MessageID) {
    let text = messageID.rawValue
    #expect(text.utf8.count == 32)
    #expect(text.allSatisfy { $0.isHexDigit && !$0.isUppercase })
    // systemd-id128 marks what it makes as a version 4, variant 1 UUID.
    #expect(Array(text)[12] == "4")
    #expect("89ab".contains(Array(text)[16]))
  }
}
