import Testing

@Suite("The rules of the sources")
struct SourceRulesTests {
  @Test("only the command line imports Foundation")
  func foundation() {
    #expect(Repository.sources.count > 10)
    #expect(SourceRules.checkFoundation(Repository.sources) == [])
  }

  @Test("the top level holds what it should and nothing else")
  func topLevel() throws {
    let names = try #require(Repository.names(in: "."))
    #expect(names.contains("Package.swift"))
    #expect(SourceRules.checkTopLevel(names) == [])
  }

  @Test("no way around the compiler's checks, no flags of one machine")
  func words() throws {
    let manifest = try #require(Repository.file("Package.swift"))
    #expect(SourceRules.checkWords(Repository.sources + [manifest]) == [])
  }

  @Test("no source file is longer than 450 lines")
  func length() {
    #expect(SourceRules.checkLength(Repository.sources) == [])
  }
}

@Suite("The check of the rules of the sources can fail")
struct SourceRulesSelfTests {
  private func file(_ path: String, _ text: String) -> RepositoryFile {
    RepositoryFile(path: path, text: text)
  }

  @Test(
    "Foundation is found outside the command line", arguments: ["", "Essentials", "Networking"])
  func foundation(part: String) {
    let text =
      "import Tensors\n#if canImport(Foundation\(part))\npublic import Foundation\(part)\n#endif"
    #expect(
      SourceRules.checkFoundation([
        file("Sources/Watch/A.swift", text), file("Sources/vedette/A.swift", text),
        file("Sources/vedetted/A.swift", "// import Foundation"),
      ]) == ["Sources/Watch/A.swift: imports Foundation\(part)"])
  }

  @Test("a stray name at the top is found")
  func topLevel() {
    let names = [".build-arm64", ".git", "LICENSE", "Package.swift", "build.sh", "docs"]
    #expect(
      SourceRules.checkTopLevel(names) == [
        "build.sh does not belong to the top level", "docs does not belong to the top level",
      ])
  }

  @Test("each forbidden word is found in code, and not in comments")
  func words() {
    let found = SourceRules.checkWords([
      file("a.swift", "final class A: @unchecked\n  Sendable {}"),
      file("b.swift", "nonisolated(unsafe) var b = 0"),
      file("Package.swift", "cSettings: [.unsafeFlags([\"-march=native\"])]"),
      file("c.swift", "// no @unchecked Sendable, no -march\n/* unsafeFlags */ let c = 0"),
    ])
    #expect(
      found == [
        "a.swift: @unchecked Sendable", "b.swift: nonisolated(unsafe)",
        "Package.swift: unsafeFlags", "Package.swift: -march",
      ])
  }

  @Test("a file of 451 lines is found")
  func length() {
    let lines = String(repeating: "x\n", count: 450)
    #expect(SourceRules.checkLength([file("a.swift", lines)]) == [])
    #expect(
      SourceRules.checkLength([file("b.c", lines + "x\n")]) == ["b.c: 451 lines, over 450"])
  }
}
