/// Rules that single files and the top level keep.
enum SourceRules {
  /// The program of the person at the terminal, and the host half, which only it links; the rest
  /// runs on the device, without Foundation.
  static let foundationUsers: Set<String> = [
    "vedette", "ONNX", "Datasets", "Evaluation", "Quantization",
  ]
  static let longestFile = 450
  static let topLevel: Set<String> = [
    "Package.swift", "Sources", "Tests", "deploy", "samples", "README.md", "LICENSE",
    "Package.resolved",  // ignored by git
  ]
  /// Ways around the compiler's checks, and flags that tie a build to the machine that made it.
  static let forbidden = ["@unchecked Sendable", "nonisolated(unsafe)", "unsafeFlags", "-march"]

  /// Imports of Foundation or a part of it.
  static func checkFoundation(_ files: [RepositoryFile]) -> [String] {
    files.filter { $0.isSwift && !foundationUsers.contains($0.module) }.flatMap { file in
      file.source.imports.filter { $0.hasPrefix("Foundation") }.map {
        "\(file.path): imports \($0)"
      }
    }
  }

  /// Names at the top that do not belong there. Dot files do; so do build folders, `.build*`.
  static func checkTopLevel(_ names: [String]) -> [String] {
    names.filter { !$0.hasPrefix(".") && !topLevel.contains($0) }.map {
      "\($0) does not belong to the top level"
    }
  }

  /// Forbidden words outside comments.
  static func checkWords(_ files: [RepositoryFile]) -> [String] {
    files.flatMap { file in
      let code = file.source.code
      let words = code.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
      return forbidden.filter(words.contains).map { "\(file.path): \($0)" }
    }
  }

  static func checkLength(_ files: [RepositoryFile]) -> [String] {
    files.compactMap { file in
      let lines = file.text.utf8.count { $0 == UInt8(ascii: "\n") }
      // Generated code is as long as it is.
      return lines > longestFile && !file.path.hasSuffix(".pb.swift")
        ? "\(file.path): \(lines) lines, over \(longestFile)" : nil
    }
  }
}
