import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("vedette watch", .enabled(if: Programs.canRun, Programs.whyNot), .timeLimit(.minutes(5)))
struct WatchTests {
  let folder = TemporaryFolder()
  private static let cat = readFile(Paths.cat)

  @Test("--once ends when the folder holds nothing more, and leaves it as it was")
  func once() throws {
    _ = folder.write("1.jpg", WatchTests.cat)
    _ = folder.write("2.jpg", readFile(Paths.rocket))
    let png = folder.write("3.jpg", [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10, 0, 0, 0, 13])
    _ = folder.write("notes.txt", Array("words".utf8))
    // Nobody has written these for long.
    let times = [timespec(tv_sec: 1_000_000, tv_nsec: 0), timespec(tv_sec: 1_000_000, tv_nsec: 0)]
    #expect(utimensat(AT_FDCWD, png, times, 0) == 0)
    let names = folder.names

    let json = try vedette("watch", "-m", Paths.tiny, "--once", "--json", folder.path)
    #expect(json.status == 0)
    let values = json.lines.compactMap { JSON($0) }
    #expect(values.count == 3 && json.lines.count == 3)
    let paths = names.filter { $0 != "notes.txt" }.map { folder.path + "/" + $0 }
    #expect(values.compactMap { $0["path"]?.text }.sorted() == paths)
    let refused = values.filter { $0["error"] != nil }
    #expect(refused.map { $0["path"]?.text } == [png])
    #expect(refused.first?["error"]?["code"]?.text == "not-a-jpeg")
    #expect(values.count { $0["top"]?.elements.count == 5 } == 2)

    let text = try vedette("watch", "-m", Paths.tiny, "--once", "--top", "100", folder.path)
    #expect(text.status == 0 && text.lines.count == 2)
    #expect(text.lines.allSatisfy { $0.hasPrefix("class ") && $0.contains(".jpg, ") })
    #expect(text.errors.contains("refused 3.jpg: not-a-jpeg: "))
    #expect(folder.names == names)
  }

  @Test("- reads standard input to its end")
  func standardInput() throws {
    let started = try #require(
      Started(Programs.vedette, ["watch", "-m", Paths.tiny, "--json", "-"]))
    let bytes = WatchTests.cat + [0, 1, 2] + WatchTests.cat + WatchTests.cat.prefix(500)
    // More than a pipe holds: it reads while we write.
    let isWritten = started.put(bytes)
    #expect(isWritten)
    started.closeInput()
    let outcome = started.finish()
    #expect(outcome.status == 0)
    let values = outcome.lines.compactMap { JSON($0) }
    #expect(values.count == outcome.lines.count)
    let detections = values.filter { $0["top"] != nil }
    #expect(detections.map { $0["path"]?.text } == ["stdin#0", "stdin#1"])
    #expect(detections[0]["top"] == detections[1]["top"])
    let refusals = values.filter { $0["error"] != nil }
    #expect(refusals.map { $0["error"]?["code"]?.text } == ["truncated"])
  }

  @Test("ends on SIGTERM with status 0")
  func termination() throws {
    let started = try #require(Started(Programs.vedette, ["watch", "-m", Paths.tiny, "-"]))
    let isWritten = started.put(WatchTests.cat)
    #expect(isWritten)
    // It runs its loop once it has classified something.
    var first: UInt8 = 0
    #expect(read(started.output, &first, 1) == 1)
    kill(started.process, SIGTERM)
    let outcome = started.finish()
    #expect(outcome.status == 0)
  }

  @Test("A reader that goes away ends the program, also where the input would go on")
  func brokenPipe() throws {
    let watching = try #require(Started(Programs.vedette, ["watch", "-m", Paths.tiny, "-"]))
    watching.closeOutput()
    // The input stays open: only the failed write can end it.
    let isWritten = watching.put(WatchTests.cat)
    #expect(isWritten)
    let watched = watching.finish()
    #expect(watched.status == 1 && watched.errors.contains("Broken pipe"))

    let classifying = try #require(
      Started(Programs.vedette, ["classify", "-m", Paths.tiny, Paths.cat, Paths.rocket]))
    classifying.closeOutput()
    // As for every tool in a pipeline: by the signal, and without a word.
    let classified = classifying.finish()
    #expect(classified.status == 128 + SIGPIPE && classified.errors.isEmpty)
  }

  @Test("says which source it cannot open, status 1")
  func missingSource() throws {
    let path = folder.path + "/none"
    let outcome = try vedette("watch", "-m", Paths.tiny, path)
    #expect(outcome.status == 1 && outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("vedette: error: ") && outcome.errors.contains(path))
    #expect(outcome.errors.contains("No such file or directory"))
    let file = folder.write("plain", [1, 2, 3])
    let plain = try vedette("watch", "-m", Paths.tiny, file)
    #expect(plain.status == 1 && plain.errors.contains(file))
    let model = try vedette("watch", "-m", path, "--once", folder.path)
    #expect(model.status == 1 || model.status == 78)
    #expect(model.errors.contains("\(path): open: No such file or directory"))
  }
}
