import Model
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A folder for one test, removed with its files at the end.
private final class Folder {
  let path: String

  init() throws {
    var template = Array("/tmp/vedette-model-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure() }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in files { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  private var files: [String] = []

  func write(_ name: String, _ bytes: [UInt8]) throws {
    files.append(name)
    guard let file = fopen("\(path)/\(name)", "wb") else { throw Failure() }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw Failure() }
  }

  func pipe(_ name: String) throws {
    files.append(name)
    guard mkfifo("\(path)/\(name)", 0o600) == 0 else { throw Failure() }
  }

  struct Failure: Error {}
}

@Suite struct LabelTests {
  private let model = RawModel.classifier(classes: 3).bytes()

  /// What opening a file says; nil if it succeeds.
  private func complaint(_ path: String) -> String? {
    do {
      _ = try ModelFile(path: path)
      return nil
    } catch {
      return error.description
    }
  }

  @Test("A model without labels has none")
  func none() throws {
    let folder = try Folder()
    try folder.write("m.tflite", model)
    let file = try ModelFile(path: folder.path + "/m.tflite")
    let labels = file.labels
    #expect(labels == nil)
  }

  @Test("The model's own label file comes before labels.txt")
  func beside() throws {
    let folder = try Folder()
    try folder.write("m.tflite", model)
    try folder.write("labels.txt", Array("a\nb\nc\n".utf8))
    let general = try ModelFile(path: folder.path + "/m.tflite").labels
    #expect(general == ["a", "b", "c"])
    try folder.write("m.labels.txt", Array("x\r\ny, z\r\nTränen".utf8))
    let own = try ModelFile(path: folder.path + "/m.tflite").labels
    #expect(own == ["x", "y, z", "Tränen"])
    let fromMemory = try read(model).labels
    #expect(fromMemory == nil)
  }

  @Test(
    "Label files that are wrong",
    arguments: [
      ("a\nb\n", "2 labels for 3 classes"), ("a\nb\nc\nd\n", "4 labels for 3 classes"),
      ("a\n\nc\n", "line 2 is empty"), ("a\nb\tb\nc\n", "line 2 has a control character"),
      ("a\nb\nc\u{1B}[0m\n", "line 3 has a control character"),
      ("a\nb\u{2028}\nc\n", "line 2 has a control character"), ("", "0 labels for 3 classes"),
      ("a\n" + String(repeating: "b", count: 1025) + "\nc\n", "line 2 is longer than 1024 bytes"),
    ])
  func wrong(text: String, words: String) throws {
    let folder = try Folder()
    try folder.write("m.tflite", model)
    try folder.write("labels.txt", Array(text.utf8))
    let message = complaint(folder.path + "/m.tflite")
    #expect(message?.contains("labels.txt: " + words) == true, "\(message ?? "nothing")")
  }

  @Test("Label files that are not UTF-8, too long, or a pipe")
  func unreadable() throws {
    let folder = try Folder()
    let path = folder.path + "/m.tflite"
    try folder.write("m.tflite", model)
    try folder.write("labels.txt", [0x61, 0xFF, 0x0A])
    #expect(complaint(path)?.contains("not UTF-8") == true)
    try folder.write("labels.txt", [UInt8](repeating: 0x61, count: (1 << 20) + 1))
    #expect(complaint(path)?.contains("1048577 bytes are more than 1048576") == true)
    try folder.pipe("m.labels.txt")
    #expect(complaint(path)?.contains("m.labels.txt: not a regular file") == true)
  }

  @Test("Models that are not there, a folder, a pipe, or too large")
  func modelFiles() throws {
    let folder = try Folder()
    #expect(complaint(folder.path + "/none.tflite")?.contains("open: No such file") == true)
    #expect(complaint(folder.path) == "\(folder.path): not a regular file")
    try folder.pipe("pipe.tflite")
    #expect(complaint(folder.path + "/pipe.tflite")?.contains("not a regular file") == true)
    try folder.write("large.tflite", [])
    // Sparse: takes no space.
    #expect(truncate(folder.path + "/large.tflite", ModelFile.maximumFileSize + 1) == 0)
    #expect(
      complaint(folder.path + "/large.tflite")?.contains("more than a model may have") == true)
    try folder.write("empty.tflite", [])
    #expect(complaint(folder.path + "/empty.tflite")?.contains("too short") == true)
  }
}

/// Label files in an archive behind the model.
@Suite struct ArchiveTests {
  /// A classifier of three classes whose metadata names "labels.txt".
  private func model() -> [UInt8] {
    var model = RawModel.classifier(classes: 3)
    model.metadata = [("TFLITE_METADATA", Self.metadata)]
    return model.bytes()
  }

  private static let metadata = standardMetadata(labelFile: "labels.txt")

  private func labels(_ archive: [UInt8]) throws(ModelError) -> [String]? {
    try read(model() + archive).labels
  }

  @Test("A stored file, offsets from the file's start or the archive's")
  func stored() throws {
    let files = [("readme.txt", Array("hello".utf8)), ("labels.txt", Array("a\nb\nc".utf8))]
    for precedingSize in [model().count, 0] {
      let found = try labels(storedZipArchive(files, precedingSize: precedingSize))
      #expect(found == ["a", "b", "c"])
    }
  }

  private static let sentences = [
    "the quick brown fox jumps over the lazy dog, ", "pack my box with five dozen liquor jugs, ",
    "how vexingly quick daft zebras jump, ",
  ].map { String(repeating: $0, count: 3) + "again" }

  /// Made by Python: zlib.compressobj(9, zlib.DEFLATED, -15, 9, strategy) over `sentences`, each
  /// with a line feed; strategy Z_FIXED gives one block of fixed codes, Z_DEFAULT_STRATEGY one of
  /// dynamic codes. Both have matches.
  private static let fixedBlock: [UInt8] = [
    43, 201, 72, 85, 40, 44, 205, 76, 206, 86, 72, 42, 202, 47, 207, 83, 72, 203, 175, 80, 200, 42,
    205, 45, 40, 86, 200, 47, 75, 45, 82, 40, 1, 74, 231, 36, 86, 85, 42, 164, 228, 167, 235, 128,
    121, 180, 81, 156, 152, 158, 152, 153, 199, 85, 144, 8, 84, 157, 91, 169, 144, 4, 84, 90, 158,
    89, 146, 161, 144, 150, 89, 150, 10, 84, 80, 149, 154, 167, 144, 147, 89, 88, 154, 95, 4, 52,
    33, 189, 88, 71, 129, 250, 10, 33, 14, 200, 200, 47, 87, 40, 75, 173, 200, 204, 75, 207, 169,
    132, 58, 62, 37, 49, 173, 68, 161, 42, 53, 169, 40, 177, 24, 236, 124, 29, 5, 234, 41, 130, 88,
    10, 0,
  ]

  private static let dynamicBlock: [UInt8] = [
    181, 206, 203, 17, 195, 32, 12, 69, 209, 125, 170, 120, 5, 208, 20, 196, 2, 148, 96, 176, 249,
    26, 170, 15, 99, 187, 4, 103, 169, 209, 25, 233, 102, 75, 216, 11, 191, 191, 80, 49, 52, 15, 29,
    14, 124, 202, 186, 37, 132, 74, 17, 121, 174, 157, 28, 29, 75, 48, 226, 156, 254, 131, 165, 145,
    236, 95, 155, 156, 122, 237, 80, 147, 54, 206, 22, 154, 43, 77, 48, 200, 195, 241, 94, 66, 156,
    23, 76, 18, 120, 30, 94, 1, 54, 52, 84, 58, 216, 27, 215, 239, 248, 69, 234, 140, 65, 42, 202,
    116, 230, 11, 60, 135, 174, 167, 63,
  ]

  @Test("A deflated file", arguments: [fixedBlock, dynamicBlock])
  func deflated(packed: [UInt8]) throws {
    let lines = Self.sentences
    let text = Array((lines.joined(separator: "\n") + "\n").utf8)
    let found = try labels(zip(name: "labels.txt", packed: packed, method: 8, contents: text))
    #expect(found == lines)
    for index in packed.indices {
      var damaged = packed
      damaged[index] ^= 0x10
      let archive = zip(name: "labels.txt", packed: damaged, method: 8, contents: text)
      // The bits behind the last block mean nothing.
      let result = try? labels(archive)
      #expect(result == nil || (index == packed.count - 1 && result == lines))
      let short = zip(
        name: "labels.txt", packed: Array(packed[..<index]), method: 8, contents: text)
      #expect(throws: ModelError.self) { try labels(short) }
    }
  }

  /// An archive of one file, with any compression.
  private func zip(name: String, packed: [UInt8], method: UInt8, contents: [UInt8]) -> [UInt8] {
    // The stored archive of the contents gives the fields; the packed bytes replace the stored ones.
    let stored = storedZipArchive([(name, contents)], precedingSize: 0)
    let header = 30 + name.utf8.count
    var local = Array(stored[..<header])
    var directory = Array(stored[(header + contents.count)...])
    let size = little([Int32(packed.count)])
    local[8] = method
    directory[10] = method
    local.replaceSubrange(18..<22, with: size)
    directory.replaceSubrange(20..<24, with: size)
    let end = directory.count - 22
    directory.replaceSubrange(
      (end + 16)..<(end + 20), with: little([Int32(header + packed.count)]))
    return local + packed + directory
  }

  @Test("What is wrong with an archive is said")
  func wrong() throws {
    let files = [("labels.txt", Array("a\nb\nc".utf8))]
    let good = storedZipArchive(files, precedingSize: 0)
    func message(_ change: (inout [UInt8]) -> Void) -> String {
      var archive = good
      change(&archive)
      return complaint(model() + archive) ?? "nothing"
    }
    let end = good.count - 22
    let directory = end - 46 - 10
    #expect(message { _ in } == "nothing")
    #expect(message { $0 = [] }.contains("no archive at the end"))
    #expect(message { $0.append(0) }.contains("no archive at the end"))
    #expect(
      message { $0 = storedZipArchive([("other", [])], precedingSize: 0) }
        .contains("does not hold it"))
    #expect(message { $0[40] ^= 1 }.contains("size or checksum"))
    #expect(message { $0[0] = 0 }.contains("header in the archive is out of bounds"))
    #expect(message { $0[directory + 8] |= 1 }.contains("encrypted"))
    #expect(message { $0[directory + 10] = 12 }.contains("compression method 12"))
    #expect(message { $0[directory] = 0 }.contains("directory is damaged"))
    #expect(message { $0[directory + 28] = 255 }.contains("directory is damaged"))
    #expect(message { $0[directory + 26] = 255 }.contains("1048576"))
    #expect(message { $0[directory + 22] = 255 }.contains("out of bounds"))
    #expect(message { $0[directory + 45] = 127 }.contains("out of bounds"))
    #expect(message { $0[end + 4] = 1 }.contains("several parts"))
    #expect(message { $0[end + 14] = 255 }.contains("out of bounds"))
    #expect(message { $0[end + 18] = 255 }.contains("out of bounds"))
  }

  @Test("An archive damaged in any one byte is refused or gives the labels")
  func damage() {
    let files = [("labels.txt", Array("a\nb\nc".utf8))]
    let good = storedZipArchive(files, precedingSize: 0)
    for index in good.indices {
      for value in [0, 1, 0x7F, 0xFF] as [UInt8] {
        var archive = good
        archive[index] = value
        let found = try? labels(archive)
        #expect(found == nil || found == ["a", "b", "c"])
      }
    }
  }
}
