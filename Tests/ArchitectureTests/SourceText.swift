/// What the checks read off a Swift or C file without compiling it.
struct SourceText: Sendable {
  /// The text without comments.
  let code: String
  /// The code without the contents of strings.
  let bare: String

  init(_ text: String) {
    let bytes = Array(text.utf8)
    code = SourceText.strip(bytes, strings: false)
    bare = SourceText.strip(bytes, strings: true)
  }

  /// The modules that a Swift file imports.
  var imports: [String] {
    bare.split { $0 == "\n" || $0 == ";" }.compactMap { line in
      var words = line.split { $0 == " " || $0 == "\t" }[...]
      while let word = words.first, word.hasPrefix("@") || SourceText.accessLevels.contains(word) {
        words.removeFirst()
      }
      guard words.popFirst() == "import" else { return nil }
      if let word = words.first, SourceText.importKinds.contains(word) { words.removeFirst() }
      return words.first?.split(separator: ".").first.map(String.init)
    }
  }

  /// The paths that a C file includes.
  var includes: [String] {
    code.split(separator: "\n").compactMap { line in
      let squeezed = line.filter { $0 != " " && $0 != "\t" }
      guard squeezed.hasPrefix("#include") || squeezed.hasPrefix("#import") else { return nil }
      let path = squeezed.drop { $0 != "\"" && $0 != "<" }.dropFirst()
      return String(path.prefix { $0 != "\"" && $0 != ">" })
    }
  }

  private static let accessLevels: Set<Substring> = [
    "public", "package", "internal", "fileprivate", "private",
  ]
  private static let importKinds: Set<Substring> = [
    "struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor",
  ]

  /// `text` with comments blanked, and the contents of strings too if `strings` says so. Line ends
  /// stay. It knows `//`, `/* */`, `"…"`, `"""…"""`, `#"…"#` and `'"'`.
  private static func strip(_ bytes: [UInt8], strings: Bool) -> String {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var index = 0
    func isAt(_ mark: String) -> Bool {
      bytes[index...].starts(with: mark.utf8)
    }
    /// Moves behind the first `end`, past escaped characters; blanks what it moves over.
    func skip(_ begin: String, to end: String, escapes: Bool, blank: Bool) {
      let start = index
      index += begin.utf8.count
      let last = end.utf8.first
      while index < bytes.count, bytes[index] != last || !isAt(end) {
        index += escapes && bytes[index] == UInt8(ascii: "\\") && index + 1 < bytes.count ? 2 : 1
      }
      let isLineEnd = end == "\n"
      index = min(bytes.count, isLineEnd ? index : index + end.utf8.count)
      for byte in bytes[start..<index] {
        out.append(blank && byte != UInt8(ascii: "\n") ? UInt8(ascii: " ") : byte)
      }
    }
    let marks = Set("/\"#'".utf8)
    while index < bytes.count {
      if !marks.contains(bytes[index]) {
        out.append(bytes[index])
        index += 1
      } else if isAt("//") {
        skip("//", to: "\n", escapes: false, blank: true)
      } else if isAt("/*") {
        skip("/*", to: "*/", escapes: false, blank: true)
      } else if isAt("\"\"\"") {
        skip("\"\"\"", to: "\"\"\"", escapes: true, blank: strings)
      } else if isAt("#\"") {
        skip("#\"", to: "\"#", escapes: false, blank: strings)
      } else if isAt("\"") {
        skip("\"", to: "\"", escapes: true, blank: strings)
      } else if isAt("'\"'") {
        skip("'", to: "'", escapes: false, blank: strings)
      } else {
        out.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
