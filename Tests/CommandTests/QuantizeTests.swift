import Testing

@Suite("vedette quantize", .enabled(if: Programs.hasHostHalf, Programs.whyNoHostHalf))
struct QuantizeTests {
  let folder = TemporaryFolder()
  let frames: String
  let names: String

  init() {
    frames = folder.addFrames()
    names = folder.addNames()
  }

  /// Quantises ``Networks/shapes`` into `name` of the folder.
  private func quantize(_ name: String, _ options: String...) throws -> Outcome {
    try #require(
      run(
        Programs.vedette,
        [
          "quantize", Networks.shapes, "--calibrate", frames, "--labels", names, "--crop", "whole",
          "-o", folder.path + "/" + name,
        ] + options))
  }

  private func inspect(_ name: String) throws -> JSON {
    let outcome = try vedette("inspect", "--json", folder.path + "/" + name)
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    return try #require(JSON(outcome.output))
  }

  @Test("writes a model that inspect, evaluate and classify read")
  func endToEnd() throws {
    let outcome = try quantize("a.tflite")
    let path = folder.path + "/a.tflite"
    #expect(outcome.status == 0)
    #expect(outcome.lines.first?.hasPrefix("\(path): ") == true)
    #expect(outcome.output.contains("weights: 7 layers at 8 bits; "))
    #expect(outcome.output.contains("on 2 of 5 calibration frames, held out from the fit:"))
    #expect(outcome.output.contains("`vedette evaluate \(path) DIR --against \(Networks.shapes)`"))
    // Few frames are worth a warning, and nothing else is said.
    #expect(outcome.errors.split(separator: "\n").count == 1)
    #expect(outcome.errors.hasPrefix("vedette: warning: calibrated on 5 frames only"))
    #expect(folder.names == ["a.tflite", "frames", "names.txt"])

    let model = try inspect("a.tflite")
    #expect(model["labels"]?.number == 5)
    #expect(model["bytes"]?.number == Double(readFile(path).count))
    let record = try #require(model["quantization"])
    #expect(record["source"]?.text == "shapes.onnx")
    #expect(record["source_sha256"]?.text?.count == 64)
    #expect(record["calibration_frames"]?.number == 5)
    #expect(record["layers"]?.elements.map { $0["count"]?.number } == [7])
    let accuracy = try #require(record["accuracy"]?.elements.first)
    #expect(accuracy["size"]?.number == 32 && accuracy["frames"]?.number == 2)
    #expect(accuracy["agreement"]?.number == 1 && accuracy["top1"]?.number == 1)
    let text = try vedette("inspect", path)
    #expect(text.output.contains("weights  7 layers at 8 bits; "))
    #expect(text.output.contains("source   shapes.onnx, SHA-256 "))

    let evaluated = try vedette(
      "evaluate", path, frames, "--json", "--against", Networks.shapes)
    #expect(evaluated.status == 0 && evaluated.errors.isEmpty)
    let figures = try #require(JSON(evaluated.output))
    #expect(figures["accuracy"]?["top1"]?.number == 1)
    #expect((figures["difference"]?["logitSQNR"]?.number ?? 0) > 25)

    let classified = try vedette(
      "classify", "-m", path, "--top", "1", frames + "/cat/cat.jpg", frames + "/rocket/rocket.jpg")
    #expect(classified.status == 0 && classified.errors.isEmpty)
    #expect(classified.lines.map { $0.prefix { $0 != " " } } == ["cat", "rocket"])
  }

  @Test("gives the same bytes again, with any number of threads")
  func reproducible() throws {
    for (name, threads) in [("a", "1"), ("b", "2"), ("c", "2")] {
      let outcome = try quantize(name, "--threads", threads)
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    let first = readFile(folder.path + "/a")
    #expect(first.count > 1000)
    let isSame = readFile(folder.path + "/b") == first && readFile(folder.path + "/c") == first
    #expect(isSame)
    // The seed stands in the file.
    let seeded = try quantize("d", "--seed", "18446744073709551615")
    #expect(seeded.status == 0)
    #expect(try inspect("d")["quantization"]?["seed"]?.text == "18446744073709551615")
  }

  @Test(
    "gives the inner layers fewer bits, and the others eight",
    arguments: [("6", 6.0), ("4", 4), ("2", 2)])
  func fewerBits(_ weights: String, _ bits: Double) throws {
    #expect(try quantize("low", "--weights", weights).status == 0)
    let record = try #require(try inspect("low")["quantization"])
    #expect(record["weights"]?.text == weights)
    let layers = record["layers"]?.elements ?? []
    #expect(layers.map { $0["bits"]?.number } == [8, bits])
    // The stem, two depthwise layers and the classifier; three others.
    #expect(layers.map { $0["count"]?.number } == [4, 3])
    if bits < 6 { #expect(readFile(folder.path + "/low").count < Networks.quantized.count) }
    let classified = try vedette("classify", "-m", folder.path + "/low", Paths.rocket)
    #expect(classified.status == 0)
  }

  @Test("mixed keeps to its budget")
  func budget() throws {
    let limit = Networks.quantized.count - 500
    let outcome = try quantize("mixed", "--weights", "mixed", "--budget", "\(limit)B")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let bytes = readFile(folder.path + "/mixed").count
    #expect(bytes > 0 && bytes <= limit)
    let layers = try inspect("mixed")["quantization"]?["layers"]?.elements ?? []
    #expect(layers.count >= 2 && layers.first?["bits"]?.number == 8)
  }

  @Test("serves each of several sizes")
  func sizes() throws {
    let outcome = try quantize("sizes", "--sizes", "32,24,16")
    #expect(outcome.status == 0)
    let rows = outcome.lines.filter { $0.hasSuffix("100.0 %") }
    #expect(rows.map { $0.split(separator: " ").first } == ["32", "24", "16"])
    let record = try #require(try inspect("sizes")["quantization"])
    #expect(record["sizes"]?.elements.map(\.number) == [32, 24, 16])
    #expect(record["accuracy"]?.elements.map { $0["size"]?.number } == [32, 24, 16])
    for size in ["24", "16"] {
      let evaluated = try vedette(
        "evaluate", folder.path + "/sizes", frames, "--size", size, "--against", Networks.shapes,
        "--json")
      #expect(evaluated.status == 0)
      let difference = JSON(evaluated.output)?["difference"]
      #expect((difference?["logitSQNR"]?.number ?? 0) > 20, "\(size)")
    }
  }

  @Test("--json prints the record and nothing else")
  func json() throws {
    let outcome = try quantize("a", "--json")
    #expect(outcome.status == 0 && outcome.lines.count == 1)
    let record = try #require(JSON(outcome.output))
    #expect(record["sourceName"]?.text == "shapes.onnx" && record["version"]?.number == 1)
    #expect(record["calibrationCount"]?.number == 5 && record["layers"] != nil)
  }

  @Test(
    "takes every method and way to choose ranges",
    arguments: [
      ["--method", "nearest"], ["--method", "gram"], ["--ranges", "kl"], ["--ranges", "min-max"],
      ["--ranges", "moving-average"], ["--equalize"],
    ])
  func methods(_ options: [String]) throws {
    let output = folder.path + "/a.tflite"
    let outcome = try #require(
      run(
        Programs.vedette,
        [
          "quantize", Networks.shapes, "--calibrate", frames, "--labels", names, "--crop", "whole",
          "-o", output,
        ] + options))
    #expect(outcome.status == 0)
    let evaluated = try vedette("evaluate", output, frames, "--fail-if", "accuracy<99%")
    #expect(evaluated.status == 0, "\(evaluated.output)")
    let fitted = try inspect("a.tflite")["quantization"]?["fitted"]?.number
    if options.last == "nearest" { #expect(fitted == 0) }
    if options.last == "gram" { #expect(fitted == 7) }
  }

  @Test("works with one frame, and says what that is worth")
  func oneFrame() throws {
    let one = folder.addFolder("one")
    _ = folder.write("one/cat.jpg", readFile(Paths.cat))
    let output = folder.path + "/one.tflite"
    let outcome = try vedette("quantize", Networks.shapes, "--calibrate", one, "-o", output)
    #expect(outcome.status == 0 && !readFile(output).isEmpty)
    #expect(outcome.errors.contains("too few frames to hold some out"))
    #expect(outcome.output.contains("against the float network, on the 1 calibration frame:"))
  }

  @Test("skips what is no whole JPEG, and names it")
  func mixedFrames() throws {
    let cat = readFile(Paths.cat)
    let short = folder.write("frames/cat/short.jpg", Array(cat.dropLast(1000)))
    let words = folder.write("frames/words.jpg", Array("words".utf8))
    _ = folder.write("frames/notes.txt", Array("notes".utf8))
    let outcome = try quantize("a")
    #expect(outcome.status == 0 && outcome.output.contains("of 5 calibration frames"))
    let warnings = outcome.errors.split(separator: "\n")
    #expect(warnings.contains { $0.contains("1 file is not JPEG (notes.txt), ignoring") })
    for path in [short, words] {
      #expect(
        warnings.contains {
          $0.hasPrefix("vedette: warning: \(path): ") && $0.hasSuffix(", skipping frame")
        })
    }
    // What is skipped is no part of what the network was calibrated on.
    _ = folder.addModel("clean")
    let hash = try inspect("a")["quantization"]?["calibration_sha256"]
    #expect(try hash != nil && hash == inspect("clean")["quantization"]?["calibration_sha256"])
  }

  @Test("replaces an older file")
  func replaces() throws {
    _ = folder.write("a", Array("an older file".utf8))
    #expect(try quantize("a").status == 0)
    let isNew = readFile(folder.path + "/a") == Networks.quantized
    #expect(isNew)
    #expect(folder.names == ["a", "frames", "names.txt"])
  }
}
