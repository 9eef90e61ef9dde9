import Testing
import Watch

#if canImport(Glibc)
import Glibc
#endif

/// The installed file. To write it anew after a key was added:
/// `VEDETTE_WRITE_REFERENCE=1 swift test --filter ConfigurationReferenceTests`.
private let installedFile =
  String(#filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" })
  + "/deploy/vedette.toml"

@Suite("The reference configuration file")
struct ConfigurationReferenceTests {
  private func parse(_ text: String) throws -> Configuration {
    try Configuration(parsing: Array(text.utf8), path: "vedette.toml")
  }

  @Test("as it is installed it sets nothing")
  func setsNothing() throws {
    let reference = Configuration.referenceFile()
    #expect(try parse(reference) == Configuration())
    let table = try TOMLTable(parsing: reference)
    for entry in table.entries {
      guard case .table(let section) = entry.value.kind else {
        Issue.record("\(entry.key.name) is not a table")
        continue
      }
      #expect(section.entries.isEmpty, "[\(entry.key.name)] sets a key")
    }
  }

  @Test("with its keys' comment signs removed it sets every key to the default")
  func setsDefaults() throws {
    let lines = Configuration.referenceFile().split(
      separator: "\n", omittingEmptySubsequences: false)
    let uncommented = lines.map { line in
      line.hasPrefix("#") && !line.hasPrefix("# ") ? String(line.dropFirst()) : String(line)
    }.joined(separator: "\n")
    #expect(try parse(uncommented) == Configuration())
    #expect(uncommented.hasSuffix(Configuration().renderedTOML()))
  }

  @Test("its lines fit a terminal")
  func lineLength() {
    let longest = Configuration.referenceFile().split(separator: "\n").map(\.count).max() ?? 0
    #expect(longest <= 100)
  }

  @Test("deploy/vedette.toml is this file")
  func installed() {
    let reference = Configuration.referenceFile()
    if getenv("VEDETTE_WRITE_REFERENCE") != nil, let file = fopen(installedFile, "w") {
      fputs(reference, file)
      fclose(file)
    }
    #expect(contents(of: installedFile) == reference)
  }

  private func contents(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while true {
      let byte = getc(file)
      if byte == EOF { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(UInt8(truncatingIfNeeded: byte))
    }
  }
}
