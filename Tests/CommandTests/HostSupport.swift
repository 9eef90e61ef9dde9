import Testing

extension Programs {
  /// Whether the program has the host half's commands: a compiler for the device half alone does not
  /// build them.
  static let hasHostHalf: Bool =
    canRun
    && run(vedette, ["quantize", "--help"])?.output.contains("USAGE: vedette quantize") == true

  static let whyNoHostHalf: Comment = "the built program has no quantize, evaluate and report"
}

/// What make_networks.py made: float networks of 32 x 32 pixels.
enum Networks {
  /// Tells the five pictures of samples/frames apart, in four of its five classes, from the whole
  /// picture (--crop whole).
  static let shapes = path("shapes")

  static func path(_ name: String) -> String {
    repositoryPath("Tests/CommandTests/Networks/\(name).onnx")
  }

  static let classNames = ["cat", "espresso", "photographer", "rocket", "nothing"]

  /// ``shapes`` with 8-bit weights and its labels, calibrated on the five pictures.
  static let quantized: [UInt8] = {
    let folder = TemporaryFolder()
    let output = folder.path + "/quantized.tflite"
    let outcome = run(
      Programs.vedette,
      [
        "quantize", shapes, "--calibrate", folder.addFrames(), "--labels", folder.addNames(),
        "--crop", "whole", "-o", output,
      ])
    precondition(outcome?.status == 0, "the tests' network is not quantised")
    return readFile(output)
  }()
}

extension TemporaryFolder {
  /// A folder with samples/frames' pictures, each in a folder with its class's name; returns its path.
  func addFrames(_ name: String = "frames") -> String {
    let top = addFolder(name)
    for (label, pictures) in TemporaryFolder.pictures {
      _ = addFolder("\(name)/\(label)")
      for picture in pictures {
        _ = write("\(name)/\(label)/\(picture)", readFile(Paths.frames + "/" + picture))
      }
    }
    return top
  }

  private static let pictures = [
    ("cat", ["cat-turned.jpg", "cat.jpg"]), ("espresso", ["espresso.jpg"]),
    ("photographer", ["photographer.jpg"]), ("rocket", ["rocket.jpg"]),
  ]

  /// The labels of ``Networks``' classes, a line each.
  func addNames() -> String {
    write("names.txt", Array((Networks.classNames.joined(separator: "\n") + "\n").utf8))
  }

  /// ``Networks/quantized`` as a file.
  func addModel(_ name: String = "model.tflite") -> String { write(name, Networks.quantized) }
}
