import Evaluation
import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// The files that the decoder's tests use.
func reportFixture(_ name: String) -> [UInt8] {
  let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
  guard let file = fopen("/\(folder)/VisionTests/Fixtures/\(name).jpg", "rb") else { return [] }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 20)
  let count = fread(&bytes, 1, bytes.count, file)
  return Array(bytes.prefix(count))
}

@Suite("The page of a report")
struct ReportPageTests {
  private static func picture() throws -> Thumbnail {
    var maker = try ThumbnailMaker()
    let bytes = reportFixture("color-420")
    return try #require(bytes.withUnsafeBytes { maker.thumbnail(of: $0) })
  }

  @Test("the same model gives the same bytes")
  func deterministic() throws {
    let model = ReportFixture.model(thumbnail: try Self.picture())
    #expect(HTMLReport.render(model) == HTMLReport.render(model))
    // For Tests/report/render.sh, which looks at it in a browser.
    if let path = getenv("VEDETTE_WRITE_REPORT").map({ String(cString: $0) }) {
      let file = try #require(fopen(path, "wb"))
      defer { fclose(file) }
      let page = Array(HTMLReport.render(model).utf8)
      #expect(fwrite(page, 1, page.count, file) == page.count)
    }
  }

  @Test("its elements are closed in the order in which they were opened", arguments: [0, 1, 3, 9])
  func wellFormed(builds: Int) {
    let page = HTMLReport.render(ReportFixture.model(builds: builds))
    #expect(Outline(page).problems == [])
  }

  @Test("no name from outside becomes an element or an attribute")
  func hostile() {
    let page = HTMLReport.render(ReportFixture.model(builds: 4))
    let outline = Outline(page)
    #expect(outline.elements["script"] == 1)
    #expect(outline.elements["img"] == nil)
    #expect(outline.attributes.isDisjoint(with: ["onerror", "onload", "style"]))
    #expect(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"))
    #expect(!page.unicodeScalars.contains("\u{202E}"))
    #expect(page.contains("\\u{202E}gpj"))
  }

  @Test("it names no place outside itself")
  func selfContained() throws {
    let page = HTMLReport.render(ReportFixture.model(thumbnail: try Self.picture()))
    let outline = Outline(page)
    #expect(outline.attributes.isDisjoint(with: ["srcset", "action", "background", "xlink:href"]))
    #expect(outline.values["src"]?.allSatisfy { $0.hasPrefix("data:image/jpeg;base64,") } == true)
    #expect(outline.values["href"]?.allSatisfy { $0.hasPrefix("#") } == true)
    for word in ["http:", "https:", "url(", "@import", "//cdn"] {
      #expect(!page.contains(word), "\(word)")
    }
  }

  @Test("the policy allows the page's own style and script, by their hashes, and data images only")
  func policy() throws {
    let page = HTMLReport.render(ReportFixture.model())
    let outline = Outline(page)
    let policy = try #require(outline.values["content"]?.first { $0.contains("default-src") })
    for element in ["style", "script"] {
      let contents = try #require(outline.contents[element])
      let hash = base64(SHA256.hash(Array(contents.utf8)))
      #expect(policy.contains("\(element)-src 'sha256-\(hash)';"))
    }
    #expect(policy.hasPrefix("default-src 'none'; img-src data:;"))
    #expect(!policy.contains("unsafe"))
  }

  @Test("a report of nothing is a page, too")
  func empty() {
    let page = HTMLReport.render(
      ReportModel(
        title: "", frameCount: 0, labelledCount: 0,
        baseline: ReportBaseline(name: "", byteCount: 0)))
    #expect(Outline(page).problems == [])
  }

  @Test(
    "figures that are no numbers do not break the drawings",
    arguments: [Double.nan, .infinity, -.infinity, 1e300, -1e300])
  func strangeNumbers(value: Double) {
    var model = ReportFixture.model(builds: 1)
    model.builds[0].top1 = value
    model.builds[0].agreement = value
    model.builds[0].meanKL = value
    model.builds[0].timing = ReportTiming(median: value, p95: value)
    model.builds[0].layers[0].aloneSQNR = value
    model.builds[0].layers[1].accumulatedSQNR = value
    model.builds[0].layers[2].rangeMaximum = value
    model.builds[0].layers[3].histogram = ReportHistogram(
      counts: [1, -2, .max], minimum: value, maximum: value)
    model.builds[0].layers[4].weightShape = [.max, .max]
    model.builds[0].byteCount = .max
    model.builds[0].sizes[0].top1 = value
    let outline = Outline(HTMLReport.render(model))
    #expect(outline.problems == [])
    for (name, values) in outline.values
    where ["x", "y", "x1", "y1", "cx", "cy", "d", "points"].contains(name) {
      #expect(values.allSatisfy { !$0.contains("nan") && !$0.contains("inf") && !$0.contains("e") })
    }
  }

  @Test("long tables are cut, and say by how much")
  func longTables() {
    var model = ReportFixture.model(builds: 1)
    model.builds[0].breakdowns = [
      ReportBreakdown(
        partName: "class",
        parts: (0..<2100).map {
          ReportPart(name: "c\($0)", bothRight: 30, lost: 1, gained: 0, bothWrong: 0)
        },
        testName: "none")
    ]
    let page = HTMLReport.render(model)
    #expect(page.contains("100 more rows are left out"))
    #expect(page.contains("data-fold=\"25\""))
  }

  @Test("groups with few frames are grey and come last, the worst of the others first")
  func groups() throws {
    func part(_ name: String, _ right: Int, _ lost: Int, _ gained: Int = 0) -> ReportPart {
      ReportPart(name: name, bothRight: right, lost: lost, gained: gained, bothWrong: 0)
    }
    let breakdown = ReportBreakdown(
      partName: "class",
      parts: [
        part("small", 9, 10), part("mild", 39, 1), part("bad", 20, 20), part("good", 30, 0, 9),
      ],
      testName: "t")
    #expect(breakdown.worstFirst.map(\.name) == ["bad", "mild", "good", "small"])
    var model = ReportFixture.model(builds: 1)
    model.builds[0].breakdowns = [breakdown]
    let page = HTMLReport.render(model)
    let row = try #require(page.range(of: "<bdi>small</bdi>"))
    #expect(page[..<row.lowerBound].hasSuffix("<tr class=\"small\"><th scope=\"row\">"))
  }
}

extension String {
  /// The first place of another string, without Foundation.
  fileprivate func range(of other: String) -> Range<String.Index>? { firstRange(of: other) }
}

/// What elements a page has, by a reader that is stricter than browsers: the page is ours.
struct Outline {
  var elements: [String: Int] = [:]
  var attributes: Set<String> = []
  var values: [String: [String]] = [:]
  /// Of the elements whose contents are not markup.
  var contents: [String: String] = [:]
  var problems: [String] = []

  private static let void: Set<String> = ["meta", "img", "br"]

  init(_ page: String) {
    var rest = page.utf8[...]
    var open: [String] = []
    while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
      rest = rest[rest.index(after: start)...]
      guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else {
        problems.append("an element without an end")
        return
      }
      let tag = String(Substring(rest[..<end]))
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("!") { continue }
      if tag.hasPrefix("/") {
        let name = String(tag.dropFirst())
        if open.popLast() != name { problems.append("</\(name)> closes nothing") }
        continue
      }
      let isClosed = tag.hasSuffix("/")
      let name = String(tag.prefix { $0 != " " && $0 != "/" })
      elements[name, default: 0] += 1
      readAttributes(String((isClosed ? tag.dropLast() : tag[...]).dropFirst(name.count)), of: name)
      if isClosed || Self.void.contains(name) { continue }
      if name == "script" || name == "style" {
        let text = Substring(rest)
        guard let close = text.firstRange(of: "</\(name)>") else {
          problems.append("<\(name)> has no end")
          return
        }
        contents[name] = String(text[..<close.lowerBound])
        rest = rest[close.upperBound...]
        continue
      }
      open.append(name)
    }
    problems += open.map { "<\($0)> is not closed" }
  }

  private mutating func readAttributes(_ text: String, of name: String) {
    var rest = text[...].drop { $0 == " " }
    while !rest.isEmpty {
      let attribute = String(rest.prefix { $0 != "=" && $0 != " " })
      attributes.insert(attribute)
      rest = rest.dropFirst(attribute.count)
      if rest.hasPrefix("=\"") {
        rest = rest.dropFirst(2)
        let value = String(rest.prefix { $0 != "\"" })
        values[attribute, default: []].append(value)
        rest = rest.dropFirst(value.count + 1)
      } else if rest.hasPrefix("=") {
        problems.append("<\(name) \(attribute)> is not quoted")
        return
      }
      guard rest.isEmpty || rest.hasPrefix(" ") else {
        problems.append("<\(name)>: '\(rest.prefix(20))' follows an attribute")
        return
      }
      rest = rest.drop { $0 == " " }
    }
  }
}
