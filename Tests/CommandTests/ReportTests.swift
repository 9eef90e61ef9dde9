import Testing

@Suite("vedette report", .enabled(if: Programs.hasHostHalf, Programs.whyNoHostHalf))
struct ReportTests {
  let folder = TemporaryFolder()
  let frames: String
  let model: String

  init() {
    frames = folder.addFrames()
    model = folder.addModel("eight.tflite")
  }

  private func report(_ builds: [String], _ options: String...) throws -> Outcome {
    try #require(
      run(
        Programs.vedette,
        ["report"] + builds + ["--float", Networks.shapes, "--frames", frames, "--rounds", "0"]
          + options))
  }

  @Test("writes a page with every build, the same bytes each time")
  func page() throws {
    let low = folder.path + "/low.tflite"
    let names = folder.addNames()
    let made = try vedette(
      "quantize", Networks.shapes, "--calibrate", frames, "--labels", names, "--crop", "whole",
      "--weights", "2", "-o", low)
    #expect(made.status == 0)
    let output = folder.path + "/a.html"
    let outcome = try report([model, low], "-o", output, "--title", "Front <door>")
    #expect(outcome.status == 0 && outcome.output.isEmpty)
    #expect(outcome.errors == "vedette: \(output): 2 builds, 5 frames\n")
    let bytes = readFile(output)
    let page = String(decoding: bytes, as: UTF8.self)
    let isWhole = page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n")
    #expect(isWhole)
    for word in ["eight", "low", "shapes", "Front &lt;door&gt;", "FULLY_CONNECTED", "at 2 bit"] {
      // Not the page itself in the expectation, whose message would be all of it.
      let isThere = page.contains(word)
      #expect(isThere, "\(word)")
    }
    let isRaw = page.contains("Front <door>")
    #expect(!isRaw)
    let again = folder.path + "/b.html"
    #expect(try report([model, low], "-o", again, "--title", "Front <door>").status == 0)
    let isSame = readFile(again) == bytes
    #expect(isSame)
    #expect(
      folder.names == ["a.html", "b.html", "eight.tflite", "frames", "low.tflite", "names.txt"])
  }

  @Test("measures time where it is asked to")
  func time() throws {
    let output = folder.path + "/a.html"
    let outcome = try vedette(
      "report", model, "--float", Networks.shapes, "--frames", frames, "--rounds", "3", "-o",
      output)
    #expect(outcome.status == 0)
    let isMeasured = String(decoding: readFile(output), as: UTF8.self).contains(
      "3 rounds, each build once a round")
    #expect(isMeasured)
  }

  @Test("refuses what it cannot compare, and leaves nothing")
  func refusals() throws {
    let empty = folder.addFolder("empty")
    let words = folder.write("words.tflite", Array("words, and nothing else".utf8))
    let missing = folder.path + "/missing"
    let output = folder.path + "/a.html"
    let float = ["--float", Networks.shapes, "--rounds", "0"]
    let cases: [([String], Int32, String)] = [
      ([model, "--frames", empty, "-o", output] + float, 1, "\(empty): no frames"),
      ([words, "--frames", frames, "-o", output] + float, 1, "\(words): not a TensorFlow Lite"),
      ([missing, "--frames", frames, "-o", output] + float, 1, "\(missing): open: No such file"),
      (
        [Paths.tiny, "--frames", frames, "-o", output] + float, 1,
        "\(Paths.tiny) and \(Networks.shapes) have 10 and 5 classes"
      ),
      (
        [model, "--frames", frames, "-o", output, "--float", model], 1,
        "\(model): not an ONNX model"
      ),
      (
        [model, "--frames", frames, "-o", output, "--group-by", "lens"] + float, 1,
        "no field 'lens'"
      ),
      ([model, "--frames", frames, "-o", empty] + float, 1, "\(empty): is a folder"),
      (
        [model, "--frames", frames, "-o", missing + "/a.html"] + float, 1,
        "\(missing)/a.html: cannot be written"
      ),
      (
        [Networks.shapes, "--frames", frames, "-o", output] + float, 2,
        "is a float network; builds are .tflite files"
      ),
      (["--frames", frames, "-o", output] + float, 2, "Missing expected argument '<build> ...'"),
    ]
    let before = folder.names
    for (arguments, status, reason) in cases {
      let outcome = try #require(run(Programs.vedette, ["report"] + arguments))
      #expect(outcome.status == status && outcome.output.isEmpty, "\(arguments)")
      #expect(outcome.errors.contains(reason), "\(outcome.errors)")
      #expect(folder.names == before, "\(arguments)")
    }
  }
}
