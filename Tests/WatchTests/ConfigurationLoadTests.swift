import Testing
import Watch

#if canImport(Glibc)
import Glibc
#endif

/// Runs `body` with a new folder, and removes what `body` says it has put there.
private func withFolder(_ body: (String) throws -> [String]) throws {
  var template = Array("/tmp/vedette-test-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else {
    Issue.record("no temporary folder")
    return
  }
  let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer { rmdir(folder) }
  for name in try body(folder) { unlink(folder + "/" + name) }
}

private func write(_ text: String, to path: String) {
  guard let file = fopen(path, "w") else {
    Issue.record("cannot write \(path)")
    return
  }
  fputs(text, file)
  fclose(file)
}

@Suite("Loading the configuration")
struct ConfigurationLoadTests {
  @Test("a file is read, and its relative paths stand beside it")
  func file() throws {
    try withFolder { folder in
      write("model.path = 'm.tflite'\nmodel.top = 2\n", to: folder + "/v.toml")
      let configuration = try Configuration.load(path: folder + "/v.toml")
      #expect(configuration.model.path == folder + "/m.tflite")
      #expect(configuration.model.top == 2)
      return ["v.toml"]
    }
  }

  @Test("a file that is longer than a read returns is read whole")
  func longFile() throws {
    try withFolder { folder in
      let comment = "# " + String(repeating: "x", count: 98) + "\n"
      let text = String(repeating: comment, count: 1000) + "model.top = 2\nx = 1\n"
      write(text, to: folder + "/v.toml")
      let error = thrown(ConfigurationError.self) {
        try Configuration.load(path: folder + "/v.toml")
      }
      #expect(error?.description == "\(folder)/v.toml:1002:1: unknown key 'x'")
      write(String(repeating: comment, count: 10_382), to: folder + "/v.toml")
      let tooLarge = thrown(ConfigurationError.self) {
        try Configuration.load(path: folder + "/v.toml")
      }
      #expect(tooLarge?.description.contains("at most 1048576 are read") == true)
      return ["v.toml"]
    }
  }

  @Test("a missing file gives the defaults only where the default file is meant")
  func missing() throws {
    try withFolder { folder in
      let path = folder + "/none.toml"
      let defaults = try Configuration.load(path: path, mayBeMissing: true)
      #expect(defaults == Configuration())
      let error = thrown(ConfigurationError.self) { try Configuration.load(path: path) }
      #expect(error == .unreadable(path: path, reason: "No such file or directory"))
      return []
    }
  }

  @Test("what cannot be read gives the system's reason")
  func unreadable() throws {
    try withFolder { folder in
      let error = thrown(ConfigurationError.self) {
        try Configuration.load(path: folder, mayBeMissing: true)
      }
      #expect(error?.description == "\(folder): Is a directory")
      return []
    }
  }
}
