import Frames

#if canImport(Glibc)
import Glibc
#endif

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Streams of bytes with a JPEG's structure; no decoder would like them.
enum FakeJPEG {
  static func segment(_ code: UInt8, _ body: [UInt8]) -> [UInt8] {
    let length = body.count + 2
    return [0xFF, code, UInt8(length >> 8), UInt8(length & 255)] + body
  }

  /// Entropy-coded bytes: FF stuffed, a restart marker now and then.
  static func entropy(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let byte = UInt8.random(in: 0...255, using: &random)
      bytes.append(byte)
      if byte == 0xFF { bytes.append(0) }
      if Int.random(in: 0..<97, using: &random) == 0 {
        bytes += [0xFF, 0xD0 + UInt8.random(in: 0..<8, using: &random)]
      }
    }
    return bytes
  }

  /// A whole image. `thumbnail` stands in an APP1 segment, as EXIF has it.
  static func image(
    seed: UInt64, entropyCount: Int = 300, scans: Int = 1, thumbnail: [UInt8]? = nil,
    filledMarkers: Bool = false
  ) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    var bytes: [UInt8] = [0xFF, 0xD8]
    bytes += segment(0xE0, Array("JFIF".utf8) + [0, 1, 1, 0, 0, 1, 0, 1, 0, 0])
    if let thumbnail { bytes += segment(0xE1, Array("Exif".utf8) + [0, 0] + thumbnail) }
    bytes += segment(0xDB, (0..<65).map { UInt8($0) })
    if filledMarkers { bytes += [0xFF, 0xFF, 0xFF] }
    bytes += segment(scans > 1 ? 0xC2 : 0xC0, [8, 0, 16, 0, 16, 1, 1, 0x11, 0])
    for scan in 0..<scans {
      bytes += segment(0xC4, [UInt8](repeating: 1, count: 20))
      bytes += segment(0xDA, [1, 1, 0, 0, 63, 0])
      bytes += entropy(entropyCount, &random)
      // DNL may follow the first scan.
      if scan == 0, scans > 1 { bytes += segment(0xDC, [0, 16]) }
    }
    if filledMarkers { bytes += [0xFF, 0xFF] }
    return bytes + [0xFF, 0xD9]
  }
}

/// A folder of its own for a test, removed with the value.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/vedette-frames-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) != nil }
    precondition(made, "the tests need a writable /tmp")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Files.removeTree(Array(path.utf8)) }
}

/// File operations on paths of arbitrary bytes.
enum Files {
  static func withPath<R>(_ path: [UInt8], _ body: (UnsafePointer<CChar>) -> R) -> R {
    (path.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  static func write(_ bytes: [UInt8], to path: String) { write(bytes, to: Array(path.utf8)) }

  static func write(_ bytes: [UInt8], to path: [UInt8], append: Bool = false) {
    let descriptor = withPath(path) {
      open($0, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC), 0o644)
    }
    precondition(descriptor >= 0, "cannot write a test's file: \(String(cString: strerror(errno)))")
    put(bytes, descriptor)
    close(descriptor)
  }

  /// Writes all the bytes to an open descriptor.
  static func put(_ bytes: [UInt8], _ descriptor: CInt) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      precondition(written > 0, "a write failed: \(String(cString: strerror(errno)))")
      rest = rest.dropFirst(written)
    }
  }

  static func read(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var portion = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = portion.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress, $0.count)
      }
      guard count > 0 else { return bytes }
      bytes += portion[..<count]
    }
  }

  static func list(_ path: String) -> [String] {
    listBytes(Array(path.utf8)).map { String(decoding: $0, as: UTF8.self) }.sorted()
  }

  static func listBytes(_ path: [UInt8]) -> [[UInt8]] {
    guard let stream = withPath(path, { opendir($0) }) else { return [] }
    defer { closedir(stream) }
    var names: [[UInt8]] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
    }
    return names
  }

  static func move(_ from: String, _ to: String) {
    precondition(rename(from, to) == 0, "a rename failed: \(String(cString: strerror(errno)))")
  }

  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  static func removeTree(_ path: [UInt8]) {
    for name in listBytes(path) {
      let child = path + [0x2F] + name
      if withPath(child, { unlink($0) }) != 0 { removeTree(child) }
    }
    _ = withPath(path) { rmdir($0) }
  }

  /// Waits until the descriptor is readable; the limit only ends a test that has failed anyway.
  static func waitUntilReadable(_ descriptor: CInt) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&request, 1, 20_000) == 1
  }
}

/// The folder with labelled photographs that stands beside the repository, if it does.
enum SharedFrames {
  static let folder: String? = {
    var candidates: [String] = []
    if let named = getenv("VEDETTE_SHARED") { candidates.append(String(cString: named)) }
    // Tests/FramesTests/Support.swift is three levels below the repository's root.
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    candidates.append(parts.dropLast(4).joined(separator: "/") + "/shared")
    return candidates.map { $0 + "/frames" }.first(where: Files.exists)
  }()

  static var isThere: Bool { folder != nil }

  static func load(limit: Int) -> [[UInt8]] {
    guard let folder else { return [] }
    return Files.list(folder).filter { $0.hasSuffix(".JPEG") }.prefix(limit)
      .compactMap { Files.read(folder + "/" + $0) }
  }
}

extension MonotonicTime {
  static let start = MonotonicTime(nanoseconds: 1_000_000_000_000)
}
