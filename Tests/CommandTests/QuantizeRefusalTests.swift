import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite(
  "What vedette quantize refuses", .enabled(if: Programs.hasHostHalf, Programs.whyNoHostHalf),
  .timeLimit(.minutes(5)))
struct QuantizeRefusalTests {
  let folder = TemporaryFolder()
  let frames: String

  init() { frames = folder.addFrames() }

  /// Runs it into the folder, where it must leave nothing.
  private func refused(
    _ model: String, _ options: [String], output: String = "out.tflite", status: Int32 = 1,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> String {
    let before = folder.names
    let path = output.hasPrefix("/") || output.isEmpty ? output : folder.path + "/" + output
    let hasFrames = options.contains("--calibrate")
    let outcome = try #require(
      run(
        Programs.vedette,
        ["quantize", model, "-o", path] + (hasFrames ? [] : ["--calibrate", frames]) + options))
    #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.output.isEmpty, sourceLocation: sourceLocation)
    #expect(folder.names == before, sourceLocation: sourceLocation)
    return outcome.errors
  }

  /// The last line that is said, without the warnings before it.
  private func lastLine(_ errors: String) -> String {
    errors.split(separator: "\n").last.map(String.init) ?? ""
  }

  @Test(
    "networks that have no place on the device, with the reason",
    arguments: [
      ("control-flow", "node 4 '/if_4' of type If is not supported: it is control flow"),
      ("no-image", "its input 'input' has 2 axes; an image has 4"),
      ("four-channels", "it has 4 channels; pictures have 1 or 3"),
      ("feature-map", "its output has the shape [1, 8, 8, 24]; a classifier's is [1, classes]"),
      ("missing", "No such file or directory"),
    ])
  func networks(_ name: String, _ reason: String) throws {
    let path = Networks.path(name)
    let line = lastLine(try refused(path, []))
    #expect(line.hasPrefix("vedette: error: \(path): ") && line.contains(reason))
  }

  @Test("files that are no ONNX models, or not whole ones")
  func notONNX() throws {
    let bytes = readFile(Networks.shapes)
    var files = [
      folder.write("words.onnx", Array("this is no model at all, only words\n".utf8)),
      folder.write("quantized.onnx", Networks.quantized),
      folder.addFolder("folder.onnx"),
      Paths.cat,
    ]
    for count in [0, 1, 7, 100, 1000, bytes.count / 2, bytes.count - 200, bytes.count - 1] {
      files.append(folder.write("\(count).onnx", Array(bytes.prefix(count))))
    }
    for path in files {
      #expect(lastLine(try refused(path, [])).hasPrefix("vedette: error: \(path): "), "\(path)")
    }
  }

  @Test("folders without a frame")
  func noFrames() throws {
    let empty = folder.addFolder("empty")
    let other = folder.addFolder("other")
    _ = folder.write("other/notes.txt", Array("notes".utf8))
    let broken = folder.addFolder("broken")
    let image = folder.write("broken/image.jpg", Array("words".utf8))
    let missing = folder.path + "/missing"
    let cases = [
      (empty, "\(empty): no frames: there is nothing in it"),
      (other, "\(other): no frames: 1 file is not JPEG (notes.txt), ignoring"),
      (
        broken,
        "no frame to calibrate with in '\(broken)': none can be decoded; the first: \(image): "
          + "this is not a JPEG file"
      ),
      (missing, "\(missing): No such file or directory"),
      (Paths.cat, "\(Paths.cat): not a folder; name a folder with JPEG files in it"),
    ]
    for (path, reason) in cases {
      let line = lastLine(try refused(Networks.shapes, ["--calibrate", path]))
      #expect(line.hasPrefix("vedette: error: \(reason)"), "\(line)")
    }
  }

  @Test("labels that do not fit")
  func labels() throws {
    let two = folder.write("two.txt", Array("one\ntwo\n".utf8))
    let gap = folder.write("gap.txt", Array("one\n\nthree\nfour\nfive\n".utf8))
    let bytes = folder.write("bytes.txt", [0xFF, 0xFE, 10])
    let missing = folder.path + "/missing.txt"
    let cases = [
      (two, "2 labels for 5 classes"), (gap, "line 2 is empty"), (bytes, "not UTF-8 text"),
      (missing, "No such file or directory"),
    ]
    for (path, reason) in cases {
      #expect(
        try refused(Networks.shapes, ["--labels", path]) == "vedette: error: \(path): \(reason)\n")
    }
    let table = folder.write("table.csv", Array("file,label_index\ncat/cat.jpg,5\n".utf8))
    #expect(
      try refused(Networks.shapes, ["--labels-csv", table])
        == "vedette: error: \(table):2: label '5' is none of the model's 5 classes\n")
  }

  @Test("outputs that cannot be written, before any work")
  func outputs() throws {
    #expect(
      try refused(Networks.shapes, [], output: "none/out.tflite").contains(
        "none/out.tflite: cannot be written: No such file or directory"))
    #expect(try refused(Networks.shapes, [], output: "frames").contains("is a folder; name a file"))
    #expect(try refused(Networks.shapes, [], output: "").contains("the output has no name"))
    #expect(
      try refused(Networks.shapes, [], output: "/dev/null").contains(
        "/dev/null: is no regular file; name a file"))
    // Nobody may make a file there, not even the superuser.
    #expect(
      try refused(Networks.shapes, [], output: "/proc/out.tflite").contains(
        "/proc/out.tflite: cannot be written"))
    let model = folder.write("model.onnx", readFile(Networks.shapes))
    #expect(try refused(model, [], output: "model.onnx").contains("is the model itself"))
    #expect(readFile(model) == readFile(Networks.shapes))
  }

  @Test("a file that does not fit on the disk, and takes away what is half written")
  func diskFull() throws {
    let old = folder.write("old.tflite", Array("an older file".utf8))
    let script = "ulimit -f 8 && exec \"$0\" \"$@\""
    for output in [old, folder.path + "/new.tflite"] {
      let outcome = try #require(
        run(
          "/bin/sh",
          [
            "-c", script, Programs.vedette, "quantize", Networks.shapes, "--calibrate", frames,
            "-o", output,
          ]))
      #expect(outcome.status == 1 && outcome.output.isEmpty)
      #expect(
        lastLine(outcome.errors)
          == "vedette: error: \(output): cannot be written: File too large; nothing was changed")
      #expect(folder.names == ["frames", "old.tflite"])
    }
    #expect(readFile(old) == Array("an older file".utf8))
  }

  @Test("to go on after SIGINT, SIGTERM and SIGHUP: status 130 and the like, nothing left")
  func interrupted() throws {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
      let watch = FolderWatch(folder.path)
      let started = try #require(
        Started(
          Programs.vedette,
          [
            "quantize", Networks.shapes, "--calibrate", frames, "-o", folder.path + "/out.tflite",
            // Enough to do that it is still at it.
            "--sizes", "32,64,96,128,160,192,224",
          ]))
      started.closeInput()
      // It listens to signals before it makes its hidden file.
      let name = try #require(watch.next())
      #expect(name.hasPrefix(".out.tflite.") && name.hasSuffix(".part"))
      kill(started.process, signal)
      let outcome = started.finish()
      #expect(outcome.status == 128 + signal && outcome.output.isEmpty)
      #expect(lastLine(outcome.errors) == "vedette: error: interrupted, nothing was written")
      #expect(folder.names == ["frames"])
    }
  }

  @Test("a budget that nothing meets")
  func impossibleBudget() throws {
    let line = lastLine(
      try refused(Networks.shapes, ["--weights", "mixed", "--budget", "2kB"]))
    #expect(line.contains("a budget of 2000 bytes cannot be met"))
  }

  static let wrongLines: [([String], String)] = [
    (["--weights", "5"], "--weights takes 8, 6, 4, 2 or mixed, not '5'"),
    (["--method", "best"], "--method takes auto, nearest or gram, not 'best'"),
    (["--ranges", "entropy"], "--ranges takes mse, moving-average, min-max or kl, not 'entropy'"),
    (["--budget", "1MB"], "--budget is for --weights mixed"),
    (["--weights", "4", "--max-drop", "1"], "--max-drop is for --weights mixed"),
    (["--weights", "mixed", "--budget", "many"], "--budget takes a size such as 3.2MB or 900kB"),
    (["--weights", "mixed", "--budget=-3"], "--budget takes a size such as 3.2MB or 900kB"),
    (["--weights", "mixed", "--max-drop", "101"], "--max-drop takes points such as 1pt or 0.5"),
    (["--sizes", "32,32"], "--sizes takes up to 8 different numbers from 8 to 8192"),
    (["--sizes", "32,"], "--sizes takes up to 8 different numbers"),
    (["--sizes", "7"], "--sizes takes up to 8 different numbers"),
    (["--mean", "1,2"], "--mean takes one number or three with commas"),
    (["--mean", "1e30"], "--mean takes one number or three with commas, up to 1000000"),
    (["--mean", "nan"], "--mean takes one number"),
    (["--std", "0"], "--std takes one number or three with commas, from 0.000001"),
    (["--crop", "3/2"], "--crop takes center, whole or a fraction like 224/256, not '3/2'"),
    (["--filter", "lanczos"], "--filter takes bicubic or bilinear, not 'lanczos'"),
    (["--threads", "0"], "--threads takes a number from 1 to 256"),
    (["--seed=-1"], "--seed"),
  ]

  @Test("wrong command lines, with status 2", arguments: wrongLines)
  func wrongLine(_ options: [String], _ reason: String) throws {
    let errors = try refused(Networks.shapes, options, status: 2)
    #expect(errors.hasPrefix("Error: ") && errors.contains(reason), "\(errors)")
    #expect(errors.contains("Usage: vedette quantize"), "\(errors)")
  }
}

/// Tells the names of files as they are made in a folder.
final class FolderWatch {
  private let descriptor: Int32

  init(_ path: String) {
    descriptor = inotify_init1(CInt(IN_CLOEXEC))
    let added = inotify_add_watch(descriptor, path, UInt32(IN_CREATE))
    precondition(added >= 0, "the tests need inotify")
  }

  deinit { close(descriptor) }

  /// The next file's name; nil where none comes in a minute.
  func next() -> String? {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, 60_000) == 1 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    // struct inotify_event: four words, then the name.
    guard count > 16 else { return nil }
    return String(decoding: bytes[16..<count].prefix { $0 != 0 }, as: UTF8.self)
  }
}
