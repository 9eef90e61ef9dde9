import Datasets
import Foundation
import Testing

@Suite("A folder of frames")
struct FrameSetTests {
  @Test("frames are sorted by the bytes of their paths, in folders too")
  func order() throws {
    let folder = try TemporaryFolder()
    try folder.touch("b.jpg", "a/z.JPEG", "a-1.jpg", "B.jpe", "é.jfif", "a.jpg", "a/b/c.jpg")
    let set = try FrameSet(folder: folder.path)
    #expect(
      set.frames.map(\.name) == [
        "B.jpe", "a-1.jpg", "a.jpg", "a/b/c.jpg", "a/z.JPEG", "b.jpg", "é.jfif",
      ])
    #expect(set.frames[3].folder == "a/b")
    #expect(set.frames[0].path == folder.path + "/B.jpe")
    #expect(set.warnings.isEmpty)
  }

  @Test("other files are counted, hidden ones passed over, a JPEG without its name is found")
  func others() throws {
    let folder = try TemporaryFolder()
    try folder.touch("a.jpg", "noname", ".hidden.jpg", ".git/x.jpg")
    try folder.write("text", to: "README")
    try folder.write("text", to: "z.txt")
    let set = try FrameSet(folder: folder.path)
    #expect(set.frames.map(\.name) == ["a.jpg", "noname"])
    #expect(set.warnings == [.notJPEG(count: 2, example: "README")])
  }

  @Test("links are followed to files inside only")
  func links() throws {
    let folder = try TemporaryFolder()
    let outside = try TemporaryFolder()
    try folder.touch("a/x.jpg")
    try outside.touch("y.jpg")
    try folder.link("in.jpg", to: "a/x.jpg")
    try folder.link("loop", to: ".")
    try folder.link("out.jpg", to: outside.path + "/y.jpg")
    let set = try FrameSet(folder: folder.path)
    #expect(set.frames.map(\.name) == ["a/x.jpg", "in.jpg"])
    #expect(set.warnings == [.notFollowed(count: 2, example: "loop")])
  }

  @Test("a folder without frames, a missing one and a file are errors that say so")
  func errors() throws {
    let folder = try TemporaryFolder()
    try folder.write("text", to: "README")
    #expect {
      try FrameSet(folder: folder.path)
    } throws: { error in
      "\(error)" == "\(folder.path): no frames: 1 file is not JPEG (README), ignoring"
    }
    #expect(throws: DatasetError.notAFolder(path: folder.path + "/README")) {
      try FrameSet(folder: folder.path + "/README")
    }
    #expect(throws: DatasetError.self) { try FrameSet(folder: folder.path + "/nothing") }
  }

  @Test("a spread takes frames evenly, a prefix the first ones")
  func parts() throws {
    let folder = try TemporaryFolder()
    try folder.touch("0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg")
    let set = try FrameSet(folder: folder.path)
    #expect(set.spread(3).frames.map(\.name) == ["0.jpg", "2.jpg", "4.jpg"])
    #expect(set.spread(9).frames.count == 6)
    #expect(set.prefix(2).frames.map(\.name) == ["0.jpg", "1.jpg"])
  }
}

@Suite("Labels of frames")
struct LabellingTests {
  private let classes = ClassNames(labels: ["tench, Tinca tinca", "Tiger cat", "crane", "crane"])

  @Test("a table gives classes and fields; frames and rows without partner are counted")
  func table() throws {
    let folder = try TemporaryFolder()
    try folder.touch("a.jpg", "d/b.jpg", "c.jpg")
    try folder.write(
      "file,label_index,label,camera\r\n./a.jpg,1,Tiger cat,front\r\n\"d/b.jpg\",,,\"a \"\"b\"\"\"\r\n"
        + "gone.jpg,0,,x\r\n", to: "labels.csv")
    let set = try FrameSet(folder: folder.path, classes: classes)
    #expect(set.frames.map(\.classIndex) == [1, nil, nil])
    #expect(set.fieldNames == ["label", "camera"])
    #expect(set.frames.map(\.fields) == [["Tiger cat", "front"], [], ["", "a \"b\""]])
    #expect(try set.fieldIndex("camera") == 1)
    #expect(throws: DatasetError.unknownField(name: "site", known: ["label", "camera"])) {
      try set.fieldIndex("site")
    }
    let path = folder.path + "/labels.csv"
    #expect(set.labelOrigin == .table(path: path))
    #expect(
      set.warnings == [
        .missingFiles(table: path, count: 1, example: "gone.jpg"),
        .unlisted(table: path, count: 1, example: "c.jpg"),
      ])
  }

  @Test(
    "a table that is wrong names its line",
    arguments: [
      ("", 1), ("name,label\n", 1), ("file,file\n", 1), ("file,label_index\na.jpg,x\n", 2),
      ("file\n\na.jpg\na.jpg\n", 4), ("file,label\na.jpg\n", 2), ("file\n\"a.jpg\n", 2),
      ("file\n\"a\"b\n", 2), ("file\na\"b\n", 2), ("file\n\"x\ny\"\na,b\n", 4),
      ("file\na\u{0}b\n", 2),
    ])
  func malformed(text: String, line: Int) throws {
    let folder = try TemporaryFolder()
    try folder.touch("a.jpg")
    try folder.write(text, to: "labels.csv")
    #expect {
      try FrameSet(folder: folder.path)
    } throws: { error in
      guard case .malformedTable(_, line, _)? = error as? DatasetError else { return false }
      return true
    }
  }

  @Test("a label outside the classes is an error", arguments: ["4,", "99999999999999,", ",dog"])
  func outside(fields: String) throws {
    let folder = try TemporaryFolder()
    try folder.touch("a.jpg")
    try folder.write("file,label_index,label\na.jpg,\(fields)\n", to: "labels.csv")
    #expect {
      try FrameSet(folder: folder.path, classes: classes)
    } throws: { error in
      guard case .unknownLabel(_, 2, _, 4)? = error as? DatasetError else { return false }
      return true
    }
  }

  @Test("folder names give classes, the innermost one that says any; others are listed")
  func folders() throws {
    let folder = try TemporaryFolder()
    try folder.touch("tiger_cat/garden/1.jpg", "0/1.jpg", "crane/1.jpg", "misc/1.jpg", "1.jpg")
    let set = try FrameSet(folder: folder.path, classes: classes)
    #expect(set.labelOrigin == .folderNames)
    #expect(
      set.frames.map { "\($0.name) \($0.classIndex ?? -1)" } == [
        "0/1.jpg 0", "1.jpg -1", "crane/1.jpg -1", "misc/1.jpg -1", "tiger_cat/garden/1.jpg 1",
      ])
    #expect(set.warnings == [.unmatchedFolders(names: ["crane", "misc"], frameCount: 2)])
    #expect(set.labelledCount == 2)
  }

  @Test(
    "names of a class",
    arguments: [
      ("tench, Tinca tinca", 0), ("tench", 0), ("TINCA-TINCA", 0), ("tench_tinca_tinca", 0),
      ("n01440764_tench", 0), ("tiger cat", 1), ("n02123159-Tiger_cat", 1), ("3", 3), ("0003", 3),
      ("4", nil), ("crane", nil), ("", nil), ("cat", nil), ("99999999999999999999", nil),
    ] as [(String, Int?)])
  func names(name: String, index: Int?) {
    #expect(classes.index(of: name) == index)
  }
}
