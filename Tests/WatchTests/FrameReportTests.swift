import Frames
import Journal
import Testing
import Watch

@Suite("How a frame is reported")
struct FrameReportTests {
  let folder = TemporaryFolder()

  /// A detection and a model with known figures.
  private func parts() throws -> (Detection, ModelDescription) {
    let settings = Classifier.Settings(
      modelPath: ColourModel.write(in: folder), kernels: .scalar)
    var classifier = try Classifier(settings)
    var detection = try #require(classifier.classify(SolidJPEG.image(.red)).detection)
    detection.candidates[0].index = 281
    detection.candidates[0].label = "tabby cat"
    detection.candidates[0].score = 0.8654321
    detection.candidates[1].index = 282
    detection.candidates[1].label = "tiger cat"
    detection.candidates[1].score = 0.1
    detection.candidates.removeLast()
    (detection.width, detection.height) = (640, 480)
    (detection.decodeTime, detection.inferTime) = (.microseconds(1500), .microseconds(4600))
    var model = classifier.model
    model.id = "0123abcd"
    model.level = "lite0@224x1"
    return (detection, model)
  }

  private func origin(_ name: [UInt8]) throws -> FrameOrigin {
    .file(try #require(FileName(name)), directory: "/srv/cam")
  }

  private func report(_ outcome: FrameOutcome, _ origin: FrameOrigin) throws -> FrameReport {
    FrameReport(
      frameID: "f00d", origin: origin, outcome: outcome, model: try parts().1,
      latency: .microseconds(6140))
  }

  @Test("A detection's entry has the line and the fields of the design")
  func detection() throws {
    let name = Array("front door".utf8) + [0x0A, 0xFF] + Array(".jpg".utf8)
    let entry = try report(.decided(try parts().0), try origin(name)).journalEntry
    #expect(entry.message == #"tabby cat 0.87 (front door\x0a\xff.jpg, 6.1 ms)"#)
    #expect(entry.priority == .notice)
    #expect(MessageID.detection.isComplete(entry))
    let expected: [(FieldName, [String])] = [
      (.frameID, ["f00d"]), (.source, ["/srv/cam"]), (.label, ["tabby cat"]),
      (.labelIndex, ["281"]), (.confidence, ["0.8654"]),
      (.top5, ["0.8654 tabby cat", "0.1000 tiger cat"]), (.modelID, ["0123abcd"]),
      (.level, ["lite0@224x1"]), (.weightBits, ["8"]), (.decodeMicroseconds, ["1500"]),
      (.inferMicroseconds, ["4600"]), (.latencyMicroseconds, ["6140"]),
    ]
    for (field, values) in expected { #expect(entry.values(field) == values) }
    // The exact bytes: what a script needs to find the file.
    let path = entry.fields.first { $0.name == FieldName.framePath.text }?.value
    #expect(path == name)
  }

  @Test("A pipe's frame has a number instead of a path")
  func stream() throws {
    let origin = FrameOrigin.stream(name: "frames", sequence: 41)
    let entry = try report(.decided(try parts().0), origin).journalEntry
    #expect(entry.message == "tabby cat 0.87 (frames #41, 6.1 ms)")
    #expect(entry.first(.source) == "frames" && entry.values(.framePath).isEmpty)
    #expect(MessageID.detection.isComplete(entry))
  }

  @Test("A refusal's entry says why, is a warning, and has no label")
  func refusal() throws {
    let refusal = FrameRefusal(code: "truncated", detail: "it ends at byte 9")
    let entry = try report(.failed(refusal), try origin(Array("a.jpg".utf8))).journalEntry
    #expect(entry.message == "refused a.jpg: truncated: it ends at byte 9, skipping frame")
    #expect(entry.priority == .warning)
    #expect(MessageID.frameRefused.isComplete(entry))
    #expect(entry.first(.reason) == "truncated" && entry.first(.detail) == "it ends at byte 9")
    #expect(entry.first(.framePath) == "a.jpg" && entry.values(.label).isEmpty)
  }

  @Test("More candidates than an entry has room for leave an entry that is whole")
  func manyCandidates() throws {
    var detection = try parts().0
    let one = detection.candidates[1]
    detection.candidates += [Detection.Candidate](repeating: one, count: 1000)
    let entry = try report(.decided(detection), try origin([0x61])).journalEntry
    #expect(entry.values(.top5).count == 10)
    #expect(MessageID.detection.isComplete(entry))
  }

  @Test("JSON has exactly the members that were agreed, in their order")
  func json() throws {
    var detection = try parts().0
    let report = try report(.decided(detection), try origin([0x61]))
    let line = """
      {"path":"dir/a.jpg","model_id":"0123abcd","width":640,"height":480,"top":[\
      {"index":281,"label":"tabby cat","score":0.865432},\
      {"index":282,"label":"tiger cat","score":0.100000}],"decode_us":1500,"infer_us":4600}
      """
    #expect(report.json(path: "dir/a.jpg") == line)

    detection.outputDigest = "beef"
    let digest = try self.report(.decided(detection), try origin([0x61]))
    #expect(digest.json(path: "dir/a.jpg") == line.dropLast() + #","digest":"beef"}"#)

    let refusal = FrameRefusal(code: "not-a-jpeg", detail: "a \"PNG\" file")
    let failed = try self.report(.failed(refusal), try origin([0x61]))
    #expect(
      failed.json(path: "x\ny")
        == #"{"path":"x\ny","error":{"code":"not-a-jpeg","message":"a \"PNG\" file"}}"#)
  }

  @Test("A duration in milliseconds keeps its fraction")
  func milliseconds() {
    #expect(Duration.microseconds(6140).milliseconds == 6.14)
    #expect(Duration.seconds(-2).milliseconds == -2000)
    #expect(Duration.zero.milliseconds == 0)
  }
}
