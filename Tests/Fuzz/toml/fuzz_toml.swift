// libFuzzer entry to the TOML reader and the configuration. README.md says how it is built and run.

/// Reads `size` bytes as a configuration file; stops the program where the reader breaks a promise.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  do {
    let configuration = try Configuration(parsing: bytes, path: "fuzz.toml")
    let text = configuration.renderedTOML()
    let again = try? Configuration(parsing: Array(text.utf8), path: "fuzz.toml")
    precondition(again == configuration, "a printed configuration does not read back as itself")
  } catch .invalid(let problems) {
    precondition(!problems.isEmpty, "a refusal without a reason")
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    for problem in problems {
      precondition((1...lines.count).contains(problem.line), "a line outside the file")
      let length = lines[problem.line - 1].count
      precondition((1...length + 1).contains(problem.column), "a column outside the line")
    }
  } catch {
    preconditionFailure("the parser reads no file")
  }
  return 0
}
