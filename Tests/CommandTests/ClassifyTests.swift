import Tensors
import Testing

@Suite("vedette classify, infer, preprocess", .enabled(if: Programs.canRun, Programs.whyNot))
struct ClassifyTests {
  let folder = TemporaryFolder()

  @Test("names each file on a line of its own, in the order given")
  func text() throws {
    let outcome = try vedette("classify", "-m", Paths.tiny, Paths.cat, Paths.rocket, Paths.cat)
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    #expect(outcome.lines.count == 3)
    for (line, path) in zip(outcome.lines, [Paths.cat, Paths.rocket, Paths.cat]) {
      #expect(line.hasPrefix("class ") && line.contains(" (\(path), ") && line.hasSuffix(" ms)"))
      #expect(line.split(separator: ",").count == 2)
    }
    let three = try vedette("classify", "-m", Paths.tiny, "--top", "3", "--digest", Paths.cat)
    #expect(three.lines.count == 1)
    let line = try #require(three.lines.first)
    #expect(line.split(separator: ",").count == 4)
    let digest = try #require(line.split(separator: " ").last)
    #expect(digest.count == 64 && digest.allSatisfy(\.isHexDigit))
  }

  @Test("prints a JSON object a line with exactly the members agreed on")
  func json() throws {
    let outcome = try vedette(
      "classify", "--model", Paths.tiny, "--json", "--top", "4", Paths.cat, Paths.rocket)
    #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.lines.count == 2)
    for (line, path) in zip(outcome.lines, [Paths.cat, Paths.rocket]) {
      let value = try #require(JSON(line))
      #expect(
        value.keys == ["path", "model_id", "width", "height", "top", "decode_us", "infer_us"])
      #expect(value["path"]?.text == path)
      #expect(value["model_id"]?.text == hexadecimal(SHA256.hash(readFile(Paths.tiny))))
      let top = try #require(value["top"]?.elements)
      #expect(top.count == 4 && top.allSatisfy { $0.keys == ["index", "label", "score"] })
      let scores = top.compactMap { $0["score"]?.number }
      #expect(scores == scores.sorted(by: >) && scores.allSatisfy { (0...1).contains($0) })
      #expect((value["infer_us"]?.number ?? 0) > 0)
    }
    let size = JSON(outcome.lines[0])
    #expect(size?["width"]?.number == 451 && size?["height"]?.number == 300)
  }

  @Test("reports files that fail, classifies the others, and ends with 1")
  func failures() throws {
    let cat = readFile(Paths.cat)
    let short = folder.write("short.jpg", Array(cat.dropLast(1000)))
    let empty = folder.write("empty.jpg", [])
    let png = folder.write("png.jpg", [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10, 0, 0, 0, 13])
    let missing = folder.path + "/missing.jpg"
    let codes = [
      (short, "truncated"), (empty, "empty"), (png, "not-a-jpeg"), (missing, "unreadable"),
      (folder.path, "unreadable"),
    ]
    let text = try vedette(
      "classify", "-m", Paths.tiny, short, Paths.cat, empty, png, missing, folder.path,
      Paths.rocket)
    #expect(text.status == 1)
    #expect(text.lines.count == 2 && text.lines.allSatisfy { $0.hasPrefix("class ") })
    let talk = text.errors.split(separator: "\n")
    #expect(talk.count == 5)
    for (line, (path, code)) in zip(talk, codes) {
      #expect(line.hasPrefix("vedette: error: \(path): ") && line.hasSuffix(" [\(code)]"))
    }
    let json = try vedette(
      "classify", "-m", Paths.tiny, "--json", short, Paths.cat, empty, png, missing, folder.path)
    #expect(json.status == 1 && json.errors.isEmpty && json.lines.count == 6)
    let values = json.lines.compactMap { JSON($0) }
    #expect(values[1]["top"] != nil)
    let refusals = values.filter { $0["error"] != nil }
    #expect(refusals.map { $0["path"]?.text } == codes.map(\.0))
    #expect(refusals.map { $0["error"]?["code"]?.text } == codes.map(\.1))
    #expect(refusals.allSatisfy { $0.keys == ["path", "error"] })
    #expect(refusals.allSatisfy { $0["error"]?.keys == ["code", "message"] })
  }

  @Test("escapes hostile file names")
  func names() throws {
    let path = folder.write("a\u{1B}[31m\n\u{202E}b\"\\.jpg", readFile(Paths.cat))
    let text = try vedette("classify", "-m", Paths.tiny, path)
    #expect(text.status == 0 && text.lines.count == 1)
    #expect(!text.output.contains("\u{1B}") && !text.output.contains("\u{202E}"))
    let json = try vedette("classify", "-m", Paths.tiny, "--json", path)
    #expect(json.lines.count == 1 && !json.output.contains("\u{1B}"))
    #expect(JSON(json.output)?["path"]?.text == path)
  }

  @Test("gives the samples' labels and exact outputs with the default model")
  func samples() throws {
    let table = String(decoding: readFile(repositoryPath("samples/expected.tsv")), as: UTF8.self)
    let rows = table.split(separator: "\n").dropFirst().map { $0.split(separator: "\t") }
    #expect(rows.count == 5)
    let paths = rows.map { Paths.frames + "/" + $0[0] }
    let outcome = try #require(
      run(Programs.vedette, ["classify", "--digest", "--json", "-m", Paths.defaultModel] + paths))
    #expect(outcome.status == 0 && outcome.lines.count == 5)
    for (line, row) in zip(outcome.lines, rows) {
      let value = try #require(JSON(line))
      let best = value["top"]?.elements.first
      #expect(best?["index"]?.number == Double(row[1]))
      #expect(best?["label"]?.text == String(row[2]))
      #expect(value["digest"]?.text == String(row[3]))
    }
  }

  @Test("preprocess and infer, one after the other, are classify")
  func roundTrip() throws {
    let input = folder.path + "/in.raw"
    let output = folder.path + "/out.raw"
    let made = try vedette(
      "preprocess", "--model", Paths.tiny, Paths.cat, "--output", input)
    #expect(made.status == 0 && made.output.isEmpty && made.errors.isEmpty)
    #expect(readFile(input).count == 20 * 20 * 3)
    let inferred = try vedette(
      "infer", Paths.tiny, "--input", input, "--output", output, "--digest")
    #expect(inferred.status == 0)
    let digest = inferred.lines.first
    #expect(digest == hexadecimal(SHA256.hash(readFile(output))))
    #expect(readFile(output).count == 10)
    let classified = try vedette("classify", "-m", Paths.tiny, "--digest", Paths.cat)
    #expect(classified.lines.first?.hasSuffix(" " + (digest ?? "none")) == true)
    for isa in ["auto", "scalar"] {
      let other = try vedette(
        "infer", Paths.tiny, "--input", input, "--digest", "--isa", isa)
      #expect(other.lines.first == digest)
    }
    // Nothing half written is left behind.
    #expect(folder.names == ["in.raw", "out.raw"])
  }

  @Test("infer refuses an input of another size, and says which it wants")
  func wrongInput() throws {
    let cases = [
      ("short.raw", 1199, "1199 bytes; the input [1, 20, 20, 3] of int8 has 1200"),
      ("long.raw", 1201, "1201 bytes; at most 1200 are read"),
      ("none.raw", 0, "0 bytes; the input [1, 20, 20, 3] of int8 has 1200"),
    ]
    for (name, count, expected) in cases {
      let path = folder.write(name, [UInt8](repeating: 1, count: count))
      let outcome = try vedette("infer", Paths.tiny, "--input", path)
      #expect(outcome.status == 1 && outcome.output.isEmpty)
      #expect(outcome.errors == "vedette: error: \(path): \(expected)\n")
    }
  }

  @Test("infer writes each operator's output, and goes on with given ones")
  func dump() throws {
    let input = folder.write(
      "in.raw",
      readFile(
        repositoryPath("Tests/InferenceTests/Goldens/tiny-network.input")))
    let dump = TemporaryFolder()
    let first = try vedette(
      "infer", Paths.tiny, "--input", input, "--dump", dump.path, "--digest")
    #expect(first.status == 0 && dump.names.count == 10)
    // The logits before the softmax, replaced by others.
    let inspected = try vedette("inspect", "--json", Paths.tiny)
    #expect(JSON(inspected.output)?["operators"]?.elements.count == 10)
    let sizes = dump.names.map { ($0, readFile(dump.path + "/" + $0).count) }
    let logits = try #require(
      sizes.filter { $0.1 == 10 }.map(\.0).sorted { $0.count < $1.count }.first)
    let given = TemporaryFolder()
    _ = given.write(logits, [127, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    let changed = try vedette(
      "infer", Paths.tiny, "--input", input, "--given", given.path, "--digest")
    #expect(changed.status == 0 && changed.lines != first.lines)
    _ = given.write(logits, [127])
    let wrong = try vedette("infer", Paths.tiny, "--input", input, "--given", given.path)
    #expect(wrong.status == 1 && wrong.errors.contains("\(logits): 1 bytes, not 10"))
  }
}
