import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("vedette evaluate", .enabled(if: Programs.hasHostHalf, Programs.whyNoHostHalf))
struct EvaluateTests {
  let folder = TemporaryFolder()
  let frames: String
  let model: String

  init() {
    frames = folder.addFrames()
    model = folder.addModel()
  }

  private func evaluate(_ options: String...) throws -> Outcome {
    try #require(run(Programs.vedette, ["evaluate", model, frames] + options))
  }

  @Test("scores a model by its folders' names, alone and against the float one")
  func scores() throws {
    let alone = try evaluate()
    #expect(alone.status == 0 && alone.errors.isEmpty)
    #expect(alone.lines.first?.hasPrefix("model       \(model) (") == true)
    #expect(alone.lines.contains("frames      5, 5 with a label"))
    #expect(alone.lines.contains("top-1              100.00 %"))
    let both = try evaluate("--against", Networks.shapes)
    #expect(both.status == 0 && both.errors.isEmpty)
    #expect(both.output.contains("same answer"))
    // A standard error, and no probability from so few frames: no comma hangs in the air.
    #expect(!both.lines.contains { $0.hasSuffix(",") })
    let json = try evaluate("--against", Networks.shapes, "--json", "--threads", "1")
    #expect(json.status == 0 && json.errors.isEmpty && json.lines.count == 1)
    let figures = try #require(JSON(json.output))
    #expect(figures["accuracy"]?["top1"]?.number == 1)
    #expect(figures["difference"]?["agreement"]?.number == 1)
    #expect(try evaluate("--against", Networks.shapes, "--json", "--threads", "2") == json)
  }

  @Test("the float model, with the same recipe, scores alike")
  func float() throws {
    let names = folder.addNames()
    let outcome = try vedette(
      "evaluate", Networks.shapes, frames, "--labels", names, "--crop", "whole", "--json")
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    #expect(JSON(outcome.output)?["accuracy"]?["top1"]?.number == 1)
  }

  @Test("--limit takes the first frames by path")
  func limit() throws {
    let logits = folder.path + "/logits.npy"
    let outcome = try evaluate("--limit", "2", "--logits", logits)
    #expect(outcome.status == 0 && outcome.lines.contains("frames      2, 2 with a label"))
    let two = try #require(NumPyArray(readFile(logits)))
    #expect(try evaluate("--logits", logits).status == 0)
    let all = try #require(NumPyArray(readFile(logits)))
    #expect(two.shape == [2, 5] && all.shape == [5, 5])
    #expect(two.bytes == Array(all.bytes.prefix(two.bytes.count)))
  }

  @Test("--fail-if: 0 where none holds, 1 where one does, 2 where one has no figure")
  func gates() throws {
    let cases: [(String, [String], Int32, String)] = [
      ("accuracy<99%", [], 0, ""),
      ("top1>1pt,sqnr<20", ["--against", Networks.shapes], 0, ""),
      ("sqnr<60", ["--against", Networks.shapes], 1, "vedette: failed: sqnr<60: "),
      (
        "top1>1pt", [],
        2, "vedette: cannot judge: top1>1pt: there is nothing to compare with"
      ),
      (
        "worst-class>5pt", ["--against", Networks.shapes],
        2, "vedette: cannot judge: worst-class>5pt: no group has the 20 labelled frames"
      ),
      // What failed, failed, whatever else is not known.
      (
        "worst-class>5pt,sqnr<60", ["--against", Networks.shapes],
        1, "vedette: failed: sqnr<60: "
      ),
    ]
    for (conditions, options, status, talk) in cases {
      let outcome = try #require(
        run(
          Programs.vedette,
          ["evaluate", model, frames, "--fail-if", conditions] + options))
      #expect(outcome.status == status, "\(conditions)")
      #expect(outcome.errors.hasPrefix(talk), "\(conditions)")
      #expect(outcome.errors.isEmpty == talk.isEmpty, "\(conditions)")
      // The figures are there whatever was judged.
      #expect(outcome.lines.contains { $0.hasPrefix("top-1 ") }, "\(conditions)")
    }
  }

  @Test("writes inputs and outputs of both models as NumPy files, in the order of the paths")
  func arrays() throws {
    func path(_ name: String) -> String { "\(folder.path)/\(name).npy" }
    let outcome = try evaluate(
      "--against", Networks.shapes, "--inputs", path("stored"), "--logits", path("logits"),
      "--against-logits", path("against"))
    #expect(outcome.status == 0)
    let names = folder.addNames()
    let float = try vedette(
      "evaluate", Networks.shapes, frames, "--crop", "whole", "--labels", names, "--inputs",
      path("reals"), "--logits", path("float"))
    #expect(float.status == 0)

    let stored = try #require(NumPyArray(readFile(path("stored"))))
    let reals = try #require(NumPyArray(readFile(path("reals"))))
    #expect(stored.description == "|i1" && stored.shape == [5, 32, 32, 3])
    #expect(reals.description == "<f4" && reals.shape == [5, 32, 32, 3])
    // Scale 1/128 and zero point -1 are the recipe's own mean and deviation: not one pixel differs.
    #expect(
      zip(stored.bytes, reals.floats).allSatisfy { Float(Int8(bitPattern: $0) + 1) / 128 == $1 })
    // Two different pictures have two different rows.
    let rowSize = 32 * 32 * 3
    #expect(stored.bytes[..<rowSize] != stored.bytes[(2 * rowSize)..<(3 * rowSize)])

    let logits = try #require(NumPyArray(readFile(path("logits"))))
    let against = try #require(NumPyArray(readFile(path("against"))))
    let alone = try #require(NumPyArray(readFile(path("float"))))
    #expect([logits, against, alone].allSatisfy { $0.description == "<f4" && $0.shape == [5, 5] })
    #expect(against.bytes == alone.bytes)
    #expect(logits.bytes != against.bytes)
    // cat, cat, espresso, photographer, rocket.
    for array in [logits, against] {
      let best = (0..<5).map { row in
        let values = array.floats[row * 5..<row * 5 + 5]
        return (values.firstIndex(of: values.max() ?? 0) ?? 0) - row * 5
      }
      #expect(best == [0, 0, 1, 2, 3])
    }
  }

  @Test("groups by a column of the table of labels")
  func groups() throws {
    let rows = [
      "file,label,camera", "cat/cat.jpg,cat,front", "cat/cat-turned.jpg,cat,back",
      "rocket/rocket.jpg,rocket,front",
    ]
    _ = folder.write("frames/labels.csv", Array((rows.joined(separator: "\n") + "\n").utf8))
    let outcome = try evaluate("--group-by", "camera")
    #expect(outcome.status == 0)
    #expect(outcome.errors.contains("2 frames are not in it and stay without a label"))
    #expect(outcome.lines.contains("frames      5, 3 with a label"))
    let head = try #require(outcome.lines.firstIndex { $0.hasPrefix("by camera: ") })
    let names = outcome.lines[(head + 2)...].prefix(2).compactMap { $0.split(separator: " ").last }
    #expect(names.sorted() == ["back", "front"])
    let unknown = try evaluate("--group-by", "lens")
    #expect(unknown.status == 2 && unknown.output.isEmpty)
    #expect(unknown.errors.hasSuffix("vedette: error: no field 'lens'; there are label, camera\n"))
  }

  static let tables: [([String], Int, String)] = [
    ([], 1, "it is empty; a first line is needed"),
    (["name,label", "cat/cat.jpg,cat"], 1, "no column 'file'"),
    (["file,label,label", "cat/cat.jpg,cat,cat"], 1, "two columns have one name"),
    (["file,label", "cat/cat.jpg,dog"], 2, "label 'dog' is none of the model's 5 classes"),
    (["file,label_index", "cat/cat.jpg,5"], 2, "label '5' is none of the model's 5 classes"),
    (["file,label_index", "cat/cat.jpg,-1"], 2, "label_index '-1' is no number from 0 on"),
    (["file,label_index", "cat/cat.jpg,zero"], 2, "label_index 'zero' is no number"),
    (["file,label", "cat/cat.jpg,cat,cat"], 2, ""),
    (["file,label", "cat/cat.jpg"], 2, ""),
    (["file,label", "cat/cat.jpg,\"cat"], 2, ""),
    (["file,label", "cat/cat.jpg,cat", "cat/cat.jpg,cat"], 3, "'cat/cat.jpg' is there twice"),
  ]

  @Test("refuses a table of labels that breaks its format, with its line", arguments: tables)
  func wrongTable(_ rows: [String], _ line: Int, _ reason: String) throws {
    let text = rows.map { $0 + "\n" }.joined()
    let table = folder.write("frames/labels.csv", Array(text.utf8))
    let before = folder.names
    let outcome = try evaluate("--logits", folder.path + "/logits.npy")
    #expect(outcome.status == 2 && outcome.output.isEmpty)
    #expect(
      outcome.errors.hasPrefix("vedette: error: \(table):\(line): \(reason)"),
      "\(outcome.errors)")
    #expect(folder.names == before)
  }

  @Test("refuses what cannot be measured with status 2, and leaves nothing")
  func refusals() throws {
    let empty = folder.addFolder("empty")
    let two = folder.write("two.txt", Array("one\ntwo\n".utf8))
    let missing = folder.path + "/missing"
    let array = folder.path + "/x.npy"
    let map = Networks.path("feature-map")
    let cases: [([String], String)] = [
      ([model, empty], "\(empty): no frames: there is nothing in it"),
      ([model, missing], "\(missing): No such file or directory"),
      ([missing + ".tflite", frames], "\(missing).tflite: open: No such file or directory"),
      ([missing + ".onnx", frames], "\(missing).onnx: open: No such file or directory"),
      ([map, frames], "\(map): its output has the shape [1, 8, 8, 24]"),
      ([model, frames, "--against", map], "\(map): its output has the shape [1, 8, 8, 24]"),
      (
        [model, frames, "--against", Paths.tiny],
        "\(model) and \(Paths.tiny) have 5 and 10 classes"
      ),
      ([model, frames, "--size", "1"], "\(model): an input of 1x1 does not fit"),
      ([model, frames, "--labels", two], "\(model): labels from \(two): 2 labels for 5 classes"),
      ([model, frames, "--inputs", empty], "\(empty): there is something else than a file"),
      ([model, frames, "--inputs", missing + "/x.npy"], "\(missing)/x.npy: No such file"),
      ([model, frames, "--group-by", "lens"], "no field 'lens': the frames have no fields"),
    ]
    let before = folder.names
    for (arguments, reason) in cases {
      let outcome = try #require(
        run(Programs.vedette, ["evaluate"] + arguments + ["--logits", array]))
      #expect(outcome.status == 2 && outcome.output.isEmpty, "\(arguments)")
      #expect(outcome.errors.contains("vedette: error: \(reason)"), "\(outcome.errors)")
      #expect(folder.names == before, "\(arguments)")
    }
  }

  static let wrongLines: [([String], String)] = [
    (["--mean", "3"], "--mean is for .onnx models; a .tflite file says it itself"),
    (["--fail-if", "speed>3"], "--fail-if: condition, character 1: no figure 'speed'"),
    (["--fail-if", "top1>1pt,flips>3"], "a unit is needed here: flips>3%"),
    (["--limit", "0"], "--limit takes a number from 1 on"),
    (["--size", "0"], "--size takes a number from 1 to 8192"),
    (["--threads", "999"], "--threads takes a number from 1 to 256"),
    (["--against-logits", "y.npy"], "--against-logits needs --against"),
    (["--logits", "y.npy", "--inputs", "y.npy"], "two outputs have one name"),
  ]

  @Test("refuses wrong command lines with status 2", arguments: wrongLines)
  func wrongLine(_ options: [String], _ reason: String) throws {
    let outcome = try #require(run(Programs.vedette, ["evaluate", model, frames] + options))
    #expect(outcome.status == 2 && outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("Error: ") && outcome.errors.contains(reason))
    #expect(outcome.errors.contains("Usage: vedette evaluate"))
  }

  @Test("leaves no half array where it is interrupted or the disk is full")
  func interrupted() throws {
    let array = folder.path + "/inputs.npy"
    for copy in 0..<40 {
      _ = folder.write("frames/cat/copy\(copy).jpg", readFile(Paths.cat))
    }
    let before = folder.names
    let watch = FolderWatch(folder.path)
    let started = try #require(
      Started(Programs.vedette, ["evaluate", model, frames, "--inputs", array]))
    started.closeInput()
    _ = try #require(watch.next())
    kill(started.process, SIGINT)
    let outcome = started.finish()
    #expect(outcome.status == 130 && outcome.output.isEmpty)
    #expect(outcome.errors == "vedette: error: interrupted, nothing was written\n")
    #expect(folder.names == before)

    let full = try #require(
      run(
        "/bin/sh",
        [
          "-c", "ulimit -f 8 && exec \"$0\" \"$@\"", Programs.vedette, "evaluate", model, frames,
          "--inputs", array,
        ]))
    #expect(full.status == 2 && full.output.isEmpty)
    #expect(full.errors == "vedette: error: \(array): File too large; nothing was left there\n")
    #expect(folder.names == before)
  }
}

/// A NumPy file of version 1.0, read as the format's description has it.
private struct NumPyArray {
  var description: String
  var shape: [Int]
  var bytes: [UInt8]

  init?(_ file: [UInt8]) {
    guard file.count > 10, file.starts(with: [0x93] + Array("NUMPY".utf8) + [1, 0]) else {
      return nil
    }
    let length = Int(file[8]) | Int(file[9]) << 8
    // Aligned as the format wants it, and a line.
    guard (10 + length) % 64 == 0, file.count >= 10 + length, file[9 + length] == 0x0A else {
      return nil
    }
    let header = String(decoding: file[10..<10 + length], as: UTF8.self)
    guard header.contains("'fortran_order': False") else { return nil }
    let words = header.split(separator: "'")
    guard let key = words.firstIndex(of: "descr"), key + 2 < words.count,
      let open = header.firstIndex(of: "("), let close = header.firstIndex(of: ")")
    else { return nil }
    description = String(words[key + 2])
    shape = header[header.index(after: open)..<close].split(separator: ",").compactMap {
      Int(String($0.drop { $0 == " " }))
    }
    bytes = Array(file[(10 + length)...])
    guard bytes.count == shape.reduce(description == "<f4" ? 4 : 1, *) else { return nil }
  }

  var floats: [Float] {
    stride(from: 0, to: bytes.count - 3, by: 4).map { place in
      Float(
        bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) }
      )
    }
  }
}
