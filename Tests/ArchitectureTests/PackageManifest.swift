/// The targets of Package.swift and what they depend on, read off its text: asking SwiftPM would
/// start a second one beside the one that runs the tests.
struct PackageManifest {
  /// The names in the target's declaration, of our modules and of products; for tests, nothing.
  private(set) var dependencies: [String: [String]] = [:]

  /// The calls that declare a target that is not a test; `module` is Package.swift's own.
  private static let declarations = ["module(", "target(", "executableTarget(", "systemLibrary("]

  init(_ text: String) {
    let code = Array(SourceText(text).code.utf8)
    var index = 0
    while index < code.count {
      guard let declaration = PackageManifest.declaration(at: index, in: code) else {
        index += 1
        continue
      }
      index += declaration.utf8.count
      let call = PackageManifest.call(code[index...])
      var strings = PackageManifest.strings(in: call)
      // The host half comes by name of a list, which older compilers see empty.
      if String(decoding: call, as: UTF8.self).contains(PackageManifest.hostList) {
        strings += PackageManifest.hostModules(in: code)
      }
      // What the tests share lies in Tests/ and has no place in the order.
      guard !strings.contains(where: { $0.hasPrefix("Tests/") }) else { continue }
      if let name = strings.first { dependencies[name] = Array(strings.dropFirst()) }
    }
  }

  private static let hostList = "hostModules"

  /// The first list of that name.
  private static func hostModules(in code: [UInt8]) -> [String] {
    let start = Array("let \(hostList) = [".utf8)
    let first = code.indices.first { code[$0...].starts(with: start) }
    guard let first, let end = code[first...].firstIndex(of: UInt8(ascii: "]")) else { return [] }
    return strings(in: code[first..<end])
  }

  /// The declaration that begins at `index`, not inside a longer word.
  private static func declaration(at index: Int, in code: [UInt8]) -> String? {
    if index > 0, Character(Unicode.Scalar(code[index - 1])).isLetter { return nil }
    return declarations.first { code[index...].starts(with: $0.utf8) }
  }

  /// The text up to the parenthesis that closes the call.
  private static func call(_ code: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var depth = 1
    let end = code.firstIndex { byte in
      if byte == UInt8(ascii: "(") { depth += 1 }
      if byte == UInt8(ascii: ")") { depth -= 1 }
      return depth == 0
    }
    return code[..<(end ?? code.endIndex)]
  }

  private static func strings(in code: ArraySlice<UInt8>) -> [String] {
    code.split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
      .enumerated().filter { !$0.offset.isMultiple(of: 2) }
      .map { String(decoding: $0.element, as: UTF8.self) }
  }
}
