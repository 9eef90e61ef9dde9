import Evaluation
import Testing

@Suite("What a report may say")
struct ReportVerdictTests {
  private func sentence(lost: Int, gained: Int, of count: Int) -> String {
    let build = ReportBuild(
      name: "b", modelID: "", byteCount: 1, lost: lost, gained: gained, changed: 0,
      agreement: 0.99, meanKL: 0, logitSQNR: nil)
    return ReportVerdict.sentence(build, labelledCount: count)
  }

  @Test("a paired change is the mean of +1, 0 and -1, with that mean's standard error")
  func paired() throws {
    let paired = try #require(PairedChange(lost: 30, gained: 10, count: 1000))
    #expect(paired.change == -0.02)
    // sqrt((0.04 - 0.0004) / 1000)
    #expect((paired.standardError - 0.006292853).magnitude < 1e-8)
    #expect(PairedChange(lost: 0, gained: 0, count: 0) == nil)
    #expect(PairedChange(lost: 6, gained: 5, count: 10) == nil)
  }

  @Test(
    "it claims what the standard error allows",
    arguments: [
      (10, 9, "within one standard error"), (40, 29, "between one and two"),
      (60, 20, "a loss that chance does not explain"),
      (20, 60, "a gain that chance does not explain"),
    ])
  func strength(lost: Int, gained: Int, expected: String) {
    #expect(sentence(lost: lost, gained: gained, of: 3000).contains(expected))
  }

  @Test("no flip at all leaves room for what the frames could not show")
  func noFlips() {
    #expect(sentence(lost: 0, gained: 0, of: 300).contains("up to 1.00 points"))
    #expect(sentence(lost: 0, gained: 0, of: 2).contains("up to 100.00 points"))
  }

  @Test("without labels it says nothing about accuracy")
  func unlabelled() {
    #expect(sentence(lost: 0, gained: 0, of: 0).contains("Without known classes"))
  }

  @Test("it never calls anything lossless", arguments: [(0, 0), (1, 1), (5, 0), (0, 5)])
  func words(lost: Int, gained: Int) {
    #expect(!sentence(lost: lost, gained: gained, of: 3000).lowercased().contains("lossless"))
  }

  @Test(
    "another modal answer needs more builds for it than keep float's",
    arguments: [
      ([nil, nil, 2], false), ([nil, 2, 2], true), ([nil, 2, 3], false), ([2, 3, 4], true),
      ([nil, nil, 2, 2], false), ([1, 1, 2], false), ([], false),
    ] as [([Int?], Bool)])
  func modal(answers: [Int?], expected: Bool) {
    let change = ReportChange(
      path: "a", floatAnswer: ReportAnswer(classIndex: 1, label: "", probability: 1),
      answers: answers.map { $0.map { ReportAnswer(classIndex: $0, label: "", probability: 1) } })
    #expect(change.hasOtherModalAnswer == expected)
    #expect(change.differingCount == answers.count { $0 != nil && $0 != 1 })
  }
}

@Suite("How small a Huffman coder makes a file")
struct ReportPackingTests {
  @Test(
    "the bits are those of a code of least length",
    arguments: [
      // Huffman's own example weights make 342 bits of 100 symbols.
      ([20, 18, 10, 10, 10, 6, 6, 4, 4, 4, 4, 3, 1], 342), ([5], 5), ([], 0), ([1, 1, 1, 1], 8),
      ([8, 4, 2, 1, 1], 30),
    ] as [([Int], Int)])
  func bits(counts: [Int], expected: Int) {
    #expect(ReportPacking.bitCount(counts) == expected)
  }

  @Test("63 values take 6 bits, 256 take 8")
  func bytes() {
    func packed(_ values: Int) -> Int {
      let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 % values) }
      return bytes.withUnsafeBytes { ReportPacking.huffmanByteCount($0) }
    }
    #expect((150_000 - 2000..<150_000 + 2000).contains(packed(63)))
    #expect((200_000..<200_500).contains(packed(256)))
    #expect(packed(1) < 26_000)
  }
}
