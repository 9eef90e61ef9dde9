#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A file of the repository, its path relative to the top.
struct RepositoryFile: Sendable {
  let path: String
  let text: String
  let source: SourceText

  init(path: String, text: String) {
    self.path = path
    self.text = text
    source = SourceText(text)
  }

  /// The folder below Sources/ that it stands in: its module.
  var module: String {
    let parts = path.split(separator: "/")
    return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : ""
  }

  var isSwift: Bool { path.hasSuffix(".swift") }

  /// C, C++, or a module map.
  var isC: Bool {
    [".c", ".h", ".cpp", ".hpp", ".cc", ".inc", ".modulemap"].contains { path.hasSuffix($0) }
  }
}

/// The repository that this test was built from.
enum Repository {
  /// Three levels above this file.
  static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

  /// Swift and C files below Sources/, read once for all tests.
  static let sources = sources(in: "Sources")

  static func file(_ path: String) -> RepositoryFile? {
    guard let stream = fopen(root + "/" + path, "r") else { return nil }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&piece, 1, piece.count, stream)
      if count == 0 { break }
      bytes.append(contentsOf: piece.prefix(count))
    }
    return RepositoryFile(path: path, text: String(decoding: bytes, as: UTF8.self))
  }

  /// The names in a folder, sorted; nil if it is not a folder.
  static func names(in path: String) -> [String]? {
    guard let folder = opendir(root + "/" + path) else { return nil }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Swift and C files below `path`.
  static func sources(in path: String) -> [RepositoryFile] {
    (names(in: path) ?? []).flatMap { name -> [RepositoryFile] in
      let inner = path + "/" + name
      if names(in: inner) != nil { return sources(in: inner) }
      guard let file = file(inner), file.isSwift || file.isC else { return [] }
      return [file]
    }
  }
}
