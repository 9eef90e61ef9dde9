import Testing

#if canImport(Glibc)
import Glibc
#endif

/// The programs that were built with the tests.
enum Programs {
  /// The folder of the test program, where SwiftPM puts the others too.
  static let folder: String = {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    let path = String(
      decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }()

  static let vedette = folder + "/vedette"
  static let vedetted = folder + "/vedetted"

  /// Whether they are there and can be started: not where this test program runs in an emulator that
  /// cannot start others.
  static let canRun: Bool = [vedette, vedetted].allSatisfy {
    access($0, X_OK) == 0 && run($0, ["--version"])?.status == 0
  }

  static let whyNot: Comment = "the built programs are not here or cannot be started"
}

/// How a program ended and what it said.
struct Outcome: Equatable {
  /// The exit status; 128 + the signal's number where one ended it, as shells have it.
  var status: Int32
  var output: String
  var errors: String

  var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// Runs `vedette`; with scalar kernels unless the arguments say otherwise, because without
/// optimisation those are the fastest.
func vedette(_ arguments: String..., input: [UInt8] = []) throws -> Outcome {
  try #require(run(Programs.vedette, arguments, input: input))
}

/// A program that was started, with our ends of its pipes.
final class Started {
  let process: pid_t
  private(set) var input: Int32
  private(set) var output: Int32
  private(set) var errors: Int32

  init?(_ program: String, _ arguments: [String]) {
    // One that ends early is an error of write(2) for us.
    signal(SIGPIPE, SIG_IGN)
    var pipes: [[Int32]] = []
    for _ in 0..<3 {
      var ends: [Int32] = [-1, -1]
      precondition(pipe(&ends) == 0, "no pipe")
      pipes.append(ends)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, pipes[0][0], 0)
    posix_spawn_file_actions_adddup2(&actions, pipes[1][1], 1)
    posix_spawn_file_actions_adddup2(&actions, pipes[2][1], 2)
    // The pipes of tests beside this one would not see their end while this program runs. To close
    // what is not open is no error here.
    for descriptor: Int32 in 3..<256 {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    // As a shell starts it, whatever the other tests of this process have changed.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

    var process: pid_t = 0
    let words = ([program] + arguments).map { strdup($0) } + [nil]
    let variables = Started.environment.map { strdup($0) } + [nil]
    defer { for pointer in words + variables { free(pointer) } }
    let status = posix_spawn(&process, program, &actions, &attributes, words, variables)
    for ends in [pipes[0][0], pipes[1][1], pipes[2][1]] { close(ends) }
    (input, output, errors) = (pipes[0][1], pipes[1][0], pipes[2][0])
    self.process = process
    guard status == 0 else { return nil }
  }

  deinit {
    closeInput()
    closeOutput()
    close(errors)
  }

  func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  func closeOutput() {
    if output >= 0 { close(output) }
    output = -1
  }

  /// Writes to its standard input; false where it no longer reads.
  func put(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Reads what it says until it has closed both, and waits for its end. A program that says nothing
  /// for two minutes is killed.
  func finish() -> Outcome {
    var texts: [Int32: [UInt8]] = [output: [], errors: []]
    var open = [output, errors].filter { $0 >= 0 }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while !open.isEmpty {
      var requests = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      guard poll(&requests, nfds_t(requests.count), 120_000) > 0 else {
        kill(process, SIGKILL)
        break
      }
      for request in requests where request.revents != 0 {
        let count = read(request.fd, &chunk, chunk.count)
        if count > 0 {
          texts[request.fd]? += chunk[..<count]
        } else {
          open.removeAll { $0 == request.fd }
        }
      }
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    return Outcome(
      status: signal != 0 ? 128 + signal : status >> 8 & 0xFF,
      output: String(decoding: texts[output] ?? [], as: UTF8.self),
      errors: String(decoding: texts[errors] ?? [], as: UTF8.self))
  }

  /// Ours, without what would change the output.
  private static var environment: [String] {
    var variables = ["VEDETTE_CPU=scalar"]
    var next = environ
    while let pointer = next.pointee {
      let variable = String(cString: pointer)
      let name = variable.prefix { $0 != "=" }
      if !["VEDETTE_CPU", "NOTIFY_SOCKET", "JOURNAL_STREAM", "WATCHDOG_USEC"].contains(name) {
        variables.append(variable)
      }
      next += 1
    }
    return variables
  }
}

/// Runs a program to its end; nil where it cannot be started. `input` must fit into a pipe.
func run(_ program: String, _ arguments: [String], input: [UInt8] = []) -> Outcome? {
  guard let started = Started(program, arguments) else { return nil }
  _ = started.put(input)
  started.closeInput()
  return started.finish()
}

/// A file of this repository.
func repositoryPath(_ name: String, file: String = #filePath) -> String {
  file.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/" + name
}

enum Paths {
  /// A network of ten operators on 20 x 20 pixels, with ten classes without names.
  static let tiny = repositoryPath("Tests/InferenceTests/Goldens/tiny-network.tflite")
  static let defaultModel = repositoryPath("samples/models/efficientnet_lite0_224.int8.tflite")
  static let frames = repositoryPath("samples/frames")
  static let cat = frames + "/cat.jpg"
  static let rocket = frames + "/rocket.jpg"
}

/// A folder of its own for a test, removed with the value.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/vedette-command-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
    precondition(made, "the tests need a writable /tmp")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { TemporaryFolder.remove(path) }

  private static func remove(_ path: String) {
    for name in names(of: path) where unlink(path + "/" + name) != 0 {
      remove(path + "/" + name)
    }
    rmdir(path)
  }

  /// Makes a folder in it and returns its path.
  func addFolder(_ name: String) -> String {
    let made = mkdir(path + "/" + name, 0o755) == 0
    precondition(made, "cannot make a test's folder")
    return path + "/" + name
  }

  /// Writes a file and returns its path.
  func write(_ name: String, _ bytes: [UInt8]) -> String {
    let file = path + "/" + name
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    precondition(descriptor >= 0, "cannot write a test's file")
    defer { close(descriptor) }
    precondition(Glibc.write(descriptor, bytes, bytes.count) == bytes.count, "a write failed")
    return file
  }

  var names: [String] { TemporaryFolder.names(of: path) }

  private static func names(of path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      let name = String(decoding: bytes, as: UTF8.self)
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

/// The whole of a file.
func readFile(_ path: String) -> [UInt8] {
  let descriptor = open(path, O_RDONLY)
  guard descriptor >= 0 else { return [] }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(descriptor, &chunk, chunk.count)
    guard count > 0 else { return bytes }
    bytes += chunk[..<count]
  }
}
