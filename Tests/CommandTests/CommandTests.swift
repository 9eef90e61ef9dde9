import Testing

@Suite("The programs' manners", .enabled(if: Programs.canRun, Programs.whyNot))
struct CommandTests {
  let folder = TemporaryFolder()

  @Test("Help and version go to standard output, status 0")
  func help() throws {
    let help = try vedette("--help")
    #expect(help.status == 0 && help.errors.isEmpty)
    let commands = [
      "classify", "watch", "inspect", "check-config", "bench", "infer", "preprocess",
    ]
    for command in commands {
      #expect(help.output.contains("  \(command) "), "\(command)")
      let own = try vedette(command, "--help")
      #expect(own.status == 0 && own.errors.isEmpty, "\(command)")
      #expect(own.output.contains("USAGE: vedette \(command)"), "\(command)")
    }
    let version = try vedette("--version")
    #expect(version.status == 0 && version.errors.isEmpty)
    #expect(version.output.split(separator: ".").count == 3)
    let service = try #require(run(Programs.vedetted, ["--version"]))
    #expect(service.status == 0 && service.output == "vedetted " + version.output)
    let usage = try #require(run(Programs.vedetted, ["--help"]))
    #expect(usage.status == 0 && usage.output.hasPrefix("usage: vedetted"))
  }

  static let wrongLines: [[String]] = [
    ["clasify"], ["classify"], ["classify", "--top", "0", "x"], ["classify", "--top", "many", "x"],
    ["classify", "--jason", "x"], ["classify", "--isa", "sse9", "x"], ["watch"],
    ["watch", "--top", "101", "-"], ["infer", Paths.tiny], ["preprocess", Paths.cat],
    ["bench", "model", Paths.tiny, "--threads", "0"],
    ["bench", "model", Paths.tiny, "--runs", "0"],
    ["inspect", "a", "b"],
  ]

  @Test(
    "A wrong command line ends with status 2 and says why on standard error", arguments: wrongLines)
  func wrongCommandLine(_ arguments: [String]) throws {
    let outcome = try #require(run(Programs.vedette, arguments))
    #expect(outcome.status == 2 && outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("Error: ") && outcome.errors.contains("Usage: vedette"))
  }

  @Test("A model that cannot be used ends with status 1, named, whatever the command")
  func wrongModel() throws {
    let missing = folder.path + "/missing.tflite"
    let text = folder.write("text.tflite", Array("this is no model at all, only words".utf8))
    for (path, why) in [(missing, "No such file or directory"), (text, "not a TensorFlow Lite")] {
      let lines = [
        ["classify", "-m", path, Paths.cat], ["inspect", path], ["bench", "model", path],
        ["infer", path, "--input", Paths.cat],
        ["preprocess", "-m", path, Paths.cat, "--output", folder.path + "/out"],
      ]
      for arguments in lines {
        let outcome = try #require(run(Programs.vedette, arguments))
        #expect(outcome.status == 1 && outcome.output.isEmpty, "\(arguments)")
        #expect(outcome.errors.hasPrefix("vedette: error: \(path): "), "\(arguments)")
        #expect(outcome.errors.contains(why), "\(arguments)")
      }
    }
    let labels = folder.write("labels.txt", Array("one\ntwo\n".utf8))
    let outcome = try vedette("classify", "-m", Paths.tiny, "--labels", labels, Paths.cat)
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("\(labels): 2 labels for 10 classes"))
  }

  @Test("inspect shows every operator, as a table and as JSON")
  func inspect() throws {
    let operators = [
      "CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "ADD",
      "MEAN", "FULLY_CONNECTED", "SOFTMAX",
    ]
    let table = try vedette("inspect", Paths.tiny)
    #expect(table.status == 0 && table.errors.isEmpty)
    let rows = table.lines.compactMap { line -> String? in
      let cells = line.split(separator: " ")
      return cells.count > 2 && Int(cells[0]) != nil ? String(cells[1]) : nil
    }
    #expect(rows == operators)
    #expect(table.output.contains("[1, 20, 20, 3] int8, scale 0.0078125, zero point -1"))

    let json = try vedette("inspect", "--json", Paths.tiny)
    #expect(json.status == 0 && json.lines.count == 1)
    let value = try #require(JSON(json.output))
    let rowsOfJSON = try #require(value["operators"]?.elements)
    #expect(rowsOfJSON.map { $0["name"]?.text } == operators)
    #expect(rowsOfJSON.compactMap { $0["macs"]?.number }.reduce(0, +) == value["macs"]?.number)
    #expect(value["macs"]?.number == 130_480)
    #expect(value["bytes"]?.number == Double(readFile(Paths.tiny).count))
    #expect(value["labels"] == .null)
  }

  @Test("bench prints each run, and only the members agreed on")
  func bench() throws {
    let outcome = try vedette(
      "bench", "model", Paths.tiny, "--threads", "1", "--runs", "7", "--warmup", "2", "--json")
    #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.lines.count == 1)
    let value = try #require(JSON(outcome.output))
    #expect(value.keys == ["model", "threads", "isa", "macs", "wall_ms", "cpu_ms"])
    #expect(value["isa"]?.text == "scalar" && value["threads"]?.number == 1)
    for name in ["wall_ms", "cpu_ms"] {
      let times = value[name]?.elements.compactMap(\.number) ?? []
      #expect(times.count == 7 && times.allSatisfy { $0 > 0 && $0 < 60_000 }, "\(name)")
    }
    let text = try vedette("bench", "model", Paths.tiny, "--runs", "3")
    #expect(text.status == 0 && text.lines.count == 1 && text.output.contains("3 runs: median "))
  }

  @Test("check-config says what is wrong and where with status 78, and nothing where all is well")
  func checkConfiguration() throws {
    let good = folder.write("good.toml", Array("[model]\ntop = 3\n".utf8))
    let fine = try vedette("check-config", good)
    #expect(fine.status == 0 && fine.output.isEmpty && fine.errors == "\(good): no faults\n")

    let bad = folder.write("bad.toml", Array("[model]\ntop = 99\n[wach]\nfolder = 1\n".utf8))
    let faults = try vedette("check-config", bad)
    #expect(faults.status == 78 && faults.output.isEmpty)
    #expect(faults.errors.contains("\(bad):2:") && faults.errors.contains("\(bad):3:"))
    let missing = try vedette("check-config", folder.path + "/none.toml")
    #expect(missing.status == 78 && missing.errors.contains("No such file or directory"))

    // What is printed says the same when it is read again.
    let printed = try vedette("check-config", "--print", good)
    #expect(printed.status == 0 && printed.output.contains("top = 3"))
    let copy = folder.write("copy.toml", Array(printed.output.utf8))
    let again = try vedette("check-config", "--print", copy)
    #expect(again.status == 0 && again.output == printed.output)
  }

  @Test("The service refuses a wrong command line with 2 and a wrong configuration with 78")
  func service() throws {
    for arguments in [["--confg"], ["--config"], ["extra"]] {
      let outcome = try #require(run(Programs.vedetted, arguments))
      #expect(outcome.status == 2 && outcome.output.isEmpty && outcome.errors.contains("usage:"))
    }
    let bad = folder.write("bad.toml", Array("[model]\ntop = \"many\"\n".utf8))
    let outcome = try #require(run(Programs.vedetted, ["--config", bad]))
    #expect(outcome.status == 78 && outcome.output.isEmpty)
    #expect(outcome.errors.contains("\(bad):2:"))
    let model = folder.write(
      "model.toml",
      Array(
        """
        [model]
        path = "\(folder.path)/none.tflite"
        [watch]
        folder = "\(folder.path)"
        after = "leave"

        """.utf8))
    let refused = try #require(run(Programs.vedetted, ["--config", model]))
    #expect(refused.status == 78 && refused.output.isEmpty)
    #expect(refused.errors.contains("none.tflite: open: No such file or directory"))
  }
}
