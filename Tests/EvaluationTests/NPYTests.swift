import Evaluation
import Foundation
import Testing

/// What stands in a NumPy file of version 1.0.
private struct NPYFile {
  let header: String
  let body: [UInt8]

  init(_ path: String) throws {
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
    try #require(bytes.starts(with: [0x93] + Array("NUMPY".utf8) + [1, 0]))
    let end = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
    try #require(end % 64 == 0 && bytes[end - 1] == 0x0A)
    header = String(decoding: bytes[10..<end - 1], as: UTF8.self)
    body = Array(bytes[end...])
  }
}

@Suite("NumPy files")
struct NPYTests {
  @Test("float rows, little-endian, under a header with their count")
  func floats() throws {
    let folder = try Folder()
    var writer = try NPYWriter(path: folder.path("a.npy"), elementType: .float32, rowShape: [2])
    try writer.append([1, -2] as [Float])
    try writer.append([0.5, 3] as [Float])
    #expect(folder.names.count == 1 && folder.names != ["a.npy"])
    try writer.finish()
    #expect(folder.names == ["a.npy"])
    let file = try NPYFile(folder.path("a.npy"))
    #expect(
      file.header.trimmingCharacters(in: .whitespaces)
        == "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2,), }")
    #expect(
      file.body == [
        0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0, 0x3F, 0, 0, 0x40, 0x40,
      ])
  }

  @Test("int8 images, and an array without rows")
  func integers() throws {
    let folder = try Folder()
    var writer = try NPYWriter(path: folder.path("a.npy"), elementType: .int8, rowShape: [1, 2, 1])
    try writer.append([0x80, 0x7F] as [UInt8])
    #expect(writer.rowCount == 1)
    try writer.finish()
    let file = try NPYFile(folder.path("a.npy"))
    #expect(
      file.header.hasPrefix("{'descr': '|i1', 'fortran_order': False, 'shape': (1, 1, 2, 1,)"))
    #expect(file.body == [0x80, 0x7F])
    try NPYWriter(path: folder.path("b.npy"), elementType: .uint8, rowShape: []).finish()
    #expect(try NPYFile(folder.path("b.npy")).header.contains("'shape': (0,)"))
    #expect(try NPYFile(folder.path("b.npy")).body.isEmpty)
  }

  @Test("one that is not finished leaves nothing, and what was there stays")
  func dropped() throws {
    let folder = try Folder()
    try Data([7]).write(to: URL(filePath: folder.path("a.npy")))
    do {
      var writer = try NPYWriter(path: folder.path("a.npy"), elementType: .int8, rowShape: [1])
      try writer.append([1] as [UInt8])
    }
    #expect(folder.names == ["a.npy"])
    #expect(try Data(contentsOf: URL(filePath: folder.path("a.npy"))) == Data([7]))
  }

  @Test("what cannot be written is an error that names the path", arguments: ["no/a.npy", ""])
  func unwritable(name: String) throws {
    let folder = try Folder()
    let path = folder.path(name)
    var text = ""
    do throws(EvaluationError) {
      try NPYWriter(path: path, elementType: .int8, rowShape: [1]).finish()
    } catch {
      text = "\(error)"
    }
    #expect(text.hasPrefix(path + ": "))
    #expect(folder.names.isEmpty)
  }
}

/// A folder that goes with the value.
private final class Folder {
  private let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "vedette-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.path + "/" + name }

  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
  }
}
