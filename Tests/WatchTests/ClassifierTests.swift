import Frames
import Inference
import Model
import Tensors
import Testing
import Vision
import Watch

@Suite("The classifier")
struct ClassifierTests {
  let folder = TemporaryFolder()

  private func classifier(
    _ change: (inout Classifier.Settings) -> Void = { _ in }
  ) throws -> Classifier {
    var settings = Classifier.Settings(
      modelPath: ColourModel.write(in: folder), kernels: .scalar)
    change(&settings)
    return try Classifier(settings)
  }

  private func loadingError(_ settings: Classifier.Settings) -> String? {
    do throws(WatchError) {
      _ = try Classifier(settings)
      return nil
    } catch {
      guard case .model(settings.modelPath, _) = error else { return "another: \(error)" }
      return error.description
    }
  }

  @Test("names what a picture shows, most probable first")
  func names() throws {
    var classifier = try classifier()
    let pictures: [(SolidJPEG.Colour, String)] = [
      (.red, "red"), (.green, "green"), (.blue, "blue"), (.red, "red"),
    ]
    for (colour, label) in pictures {
      let outcome = classifier.classify(SolidJPEG.image(colour, width: 40, height: 24))
      let detection = try #require(outcome.detection)
      #expect(detection.best.label == label)
      #expect(detection.best.score > 0.99 && detection.candidates.count == 3)
      #expect(abs(detection.candidates.reduce(0) { $0 + $1.score } - 1) < 1e-9)
      #expect(ColourModel.labels[detection.best.index] == label)
      #expect((detection.width, detection.height) == (40, 24))
      #expect(detection.outputDigest == nil)
      #expect(detection.decodeTime > .zero && detection.inferTime > .zero)
    }
  }

  @Test("gives the SHA-256 of the raw output when asked")
  func digest() throws {
    var classifier = try classifier()
    let blue = classifier.classify(SolidJPEG.image(.blue), digest: true).detection
    // Blue decodes to (0, 0, 254): means -128, -128, 126; 64 * 0.2 * real / 0.125 in steps.
    let raw = [-102, -102, 102].map { UInt8(bitPattern: Int8($0)) }
    #expect(blue?.outputDigest == hexadecimal(SHA256.hash(raw)))
    let red = classifier.classify(SolidJPEG.image(.red), digest: true).detection
    #expect(red?.outputDigest?.count == 64 && red?.outputDigest != blue?.outputDigest)
  }

  @Test("keeps as many candidates as the settings say, and calls classes without labels by number")
  func candidates() throws {
    let path = ColourModel.write(in: folder, name: "bare", labels: nil)
    var classifier = try classifier {
      $0.modelPath = path
      $0.candidateCount = 2
    }
    let detection = try #require(classifier.classify(SolidJPEG.image(.green)).detection)
    #expect(detection.candidates.map(\.label) == ["class 1", "class 0"])
  }

  @Test("takes labels from a file of their own instead of the model's")
  func labelsOverride() throws {
    let path = folder.path + "/mine.txt"
    Files.write("rot\ngrün\nblau\n", to: path)
    var classifier = try classifier { $0.labelsPath = path }
    #expect(classifier.classify(SolidJPEG.image(.green)).detection?.best.label == "grün")
  }

  @Test("sees the part of the picture that was chosen")
  func crops() throws {
    // 96 x 32: the middle third red, the rest green.
    let jpeg = SolidJPEG.image(width: 96, height: 32) { column, _ in
      (4..<8).contains(column) ? .red : .green
    }
    let expected: [(Classifier.CropChoice, String)] = [
      (.model, "red"), (.center, "red"), (.whole, "green"),
    ]
    for (crop, label) in expected {
      var classifier = try classifier { $0.crop = crop }
      #expect(classifier.classify(jpeg).detection?.best.label == label, "\(crop)")
    }
  }

  @Test("lends the exact input of the network")
  func preprocessed() throws {
    var classifier = try classifier()
    let bytes = try SolidJPEG.image(.green).withUnsafeBytes { jpeg in
      try classifier.withPreprocessed(jpeg) { Array($0) }
    }
    #expect(bytes.count == 8 * 8 * 3)
    let pixels = bytes.map { Int(Int8(bitPattern: $0)) + 128 }
    for index in stride(from: 0, to: pixels.count, by: 3) {
      #expect(pixels[index] <= 1 && pixels[index + 1] >= 253 && pixels[index + 2] <= 1)
    }
  }

  @Test("refuses what is no whole JPEG with a code, and goes on")
  func refusals() throws {
    var classifier = try classifier { $0.limits.maximumWidth = 4000 }
    let whole = SolidJPEG.image(.red, width: 64, height: 64)
    let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10] + [UInt8](repeating: 0, count: 60)
    var noPixels = whole
    noPixels.removeSubrange(SolidJPEG.header(width: 64, height: 64).count...)
    let broken: [([UInt8], String)] = [
      ([], "empty"), ([0], "not-a-jpeg"), ([0xFF], "truncated"), (png, "not-a-jpeg"),
      (Array("GIF89a and so on".utf8), "not-a-jpeg"), (Array(whole.dropLast(60)), "truncated"),
      (Array(whole.prefix(100)), "truncated"), (noPixels, "truncated"),
      (SolidJPEG.header(width: 65_500, height: 65_500) + [0, 0xFF, 0xD9], "too-large"),
      (SolidJPEG.header(width: 4001, height: 8) + [0, 0xFF, 0xD9], "too-large"),
    ]
    for (bytes, code) in broken {
      let refusal = classifier.classify(bytes).refusal
      #expect(refusal?.code == code)
      #expect(refusal?.detail.isEmpty == false)
      #expect(classifier.classify(whole).detection?.best.label == "red")
    }
    #expect(classifier.classify(png).refusal?.detail.contains("PNG") == true)
  }

  @Test("says what the model is")
  func description() throws {
    let classifier = try classifier()
    let model = classifier.model
    #expect(model.path == folder.path + "/colours.tflite")
    #expect(model.id == hexadecimal(SHA256.hash(ColourModel.bytes())))
    #expect(model.level == "colours@8x1" && model.weightBits == 8 && model.classCount == 3)
    #expect(model.isa == "scalar")
  }

  @Test("says which model file it cannot use, and why")
  func wrongModels() {
    let missing = folder.path + "/missing.tflite"
    #expect(
      loadingError(Classifier.Settings(modelPath: missing))
        == "\(missing): open: No such file or directory")

    let text = folder.path + "/text.tflite"
    Files.write("a text, not a model, and long enough to look at", to: text)
    #expect(
      loadingError(Classifier.Settings(modelPath: text))?.hasPrefix(
        "\(text): not a TensorFlow Lite model") == true)

    let gray = folder.path + "/five-channels.tflite"
    Files.write(ColourModel.bytes(inputShape: [1, 8, 8, 5]), to: gray)
    let reason = loadingError(Classifier.Settings(modelPath: gray))
    #expect(reason?.hasPrefix("\(gray): ") == true)
    #expect(reason?.contains("picture") == true && reason?.contains("channels") == true)
  }

  @Test("refuses labels that are too few, too many or missing, naming model and file")
  func wrongLabels() {
    let model = ColourModel.write(in: folder)
    let labels = folder.path + "/labels-of-mine.txt"
    let settings = Classifier.Settings(modelPath: model, labelsPath: labels)
    #expect(loadingError(settings)?.hasPrefix("\(model): labels from \(labels): open:") == true)
    for count in [1, 2, 4] {
      Files.write(String(repeating: "x\n", count: count), to: labels)
      #expect(
        loadingError(settings)
          == "\(model): labels from \(labels): \(count) labels for 3 classes")
    }
  }
}
