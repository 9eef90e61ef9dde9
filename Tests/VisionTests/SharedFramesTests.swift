import Testing
import Vision

#if canImport(Glibc)
import Glibc
#endif

/// Photographs that lie beside the repository on the machines of those who develop it.
private let frames: [String] = {
  var root = testFolder
  for _ in 0..<3 { root = String(root[..<(root.lastIndex(of: "/") ?? root.startIndex)]) }
  let shared = getenv("VEDETTE_SHARED").map { String(cString: $0) } ?? root + "/shared"
  let labels = String(decoding: Fixture.bytes(at: shared + "/frames/labels.csv"), as: UTF8.self)
  return labels.split(whereSeparator: \.isNewline).dropFirst().compactMap { line in
    line.split(separator: ",").first.map { "\(shared)/frames/\($0)" }
  }
}()

@Suite("Photographs")
struct SharedFramesTests {
  @Test("Real photographs decode, whole and at the input's size", .enabled(if: !frames.isEmpty))
  func decodes() throws {
    for path in frames.prefix(40) {
      let bytes = Fixture.bytes(at: path)
      let input = try Recipe(width: 64, height: 64).run(bytes)
      #expect(Set(input).count > 50, "\(path)")
      #expect(refusal(Array(bytes.dropLast(1))) == "truncated")
    }
  }
}
