import CTFLite
import Model
import Testing

/// The contents of a TFLite Metadata entry.
func standardMetadata(mean: [Float] = [], std: [Float] = [], labelFile: String = "") -> [UInt8] {
  func slice<T>(_ elements: UnsafeBufferPointer<T>) -> vd_tflite_slice {
    elements.isEmpty
      ? vd_tflite_slice() : vd_tflite_slice(data: elements.baseAddress, count: elements.count)
  }
  return mean.withUnsafeBufferPointer { mean in
    std.withUnsafeBufferPointer { std in
      Array(labelFile.utf8).withUnsafeBufferPointer { name in
        var fields = vd_tflite_model_metadata(
          mean: slice(mean), standard_deviation: slice(std), label_file: slice(name))
        var out = [UInt8](repeating: 0, count: vd_tflite_write_model_metadata(&fields, nil, 0))
        _ = vd_tflite_write_model_metadata(&fields, &out, out.count)
        return out
      }
    }
  }
}

@Suite struct MetadataTests {
  private func preprocessing(_ entries: [(String, [UInt8])]) throws(ModelError) -> Preprocessing {
    var model = RawModel.network()
    model.metadata = entries.map { (name: $0.0, contents: $0.1) }
    return try read(model.bytes()).preprocessing
  }

  private func message(_ entries: [(String, [UInt8])]) -> String {
    var model = RawModel.network()
    model.metadata = entries.map { (name: $0.0, contents: $0.1) }
    return complaint(model.bytes()) ?? "nothing"
  }

  @Test("Without metadata the stored input is the pixel")
  func defaults() throws {
    let uint8 = try preprocessing([])
    #expect(uint8.crop == .centralSquare(numerator: 8, denominator: 40))
    #expect(uint8.filter == .bicubic)
    #expect(uint8.mean == [128, 128, 128])
    #expect(uint8.standardDeviation == [2, 2, 2])
    var model = RawModel.network()
    model["input"].type = VD_TFLITE_INT8
    model["input"].zeroPoints = [-1]
    model["input"].scales = [Float(1) / 128]
    let int8 = try read(model.bytes()).preprocessing
    #expect(int8.mean == [127, 127, 127])
    #expect(int8.standardDeviation == [128, 128, 128])
    model["input"].type = VD_TFLITE_FLOAT32
    let float = try read(model.bytes()).preprocessing
    #expect(float.mean == [127.5, 127.5, 127.5])
    #expect(float.standardDeviation == [127.5, 127.5, 127.5])
  }

  @Test("The standard metadata's normalization, one number or three")
  func normalization() throws {
    let one = try preprocessing([("TFLITE_METADATA", standardMetadata(mean: [127], std: [64]))])
    #expect(one.mean == [127, 127, 127])
    #expect(one.standardDeviation == [64, 64, 64])
    let three = try preprocessing([
      ("TFLITE_METADATA", standardMetadata(mean: [1, 2, 3], std: [4, 5, 6]))
    ])
    #expect(three.mean == [1, 2, 3])
    #expect(three.standardDeviation == [4, 5, 6])
  }

  @Test("Our own entry's keys come before the standard's")
  func own() throws {
    let own = Array("crop=central 7/8\nfilter=bilinear\nmean=1,2,3\n".utf8)
    let result = try preprocessing([
      ("TFLITE_METADATA", standardMetadata(mean: [127], std: [64])), ("vedette.preprocess", own),
    ])
    #expect(result.crop == .centralSquare(numerator: 7, denominator: 8))
    #expect(result.filter == .bilinear)
    #expect(result.mean == [1, 2, 3])
    #expect(result.standardDeviation == [64, 64, 64])
    let whole = try preprocessing([("vedette.preprocess", Array("crop=whole".utf8))])
    #expect(whole.crop == .whole)
  }

  @Test(
    "Our own entry, wrong",
    arguments: [
      ("crop", "without \"=\""), ("colour=bgr", "key \"colour\""), ("crop=left", "\"left\""),
      ("crop=central 9/8", "crop"), ("crop=central 0/8", "crop"),
      ("crop=central 1/99999999999999999999", "crop"), ("crop=central margin -1", "crop"),
      ("crop=central margin 65537", "crop"), ("crop=central margin x", "margin x"),
      ("filter=lanczos", "\"lanczos\""),
      ("mean=1,2", "2 entries"), ("mean=", "\"\" is not a number"), ("mean=nan", "finite"),
      ("std=0", "above 0"), ("std=-1", "above 0"), ("std=inf", "above 0"),
      ("std=1,x,3", "\"x\" is not a number"),
    ])
  func wrong(text: String, words: String) {
    let message = message([("vedette.preprocess", Array(text.utf8))])
    #expect(message.contains("metadata entry \"vedette.preprocess\": "), "\(message)")
    #expect(message.contains(words), "\(message)")
  }

  @Test("Entries that are no UTF-8, too large, twice there or without a buffer")
  func entries() {
    #expect(message([("vedette.preprocess", [0xFF])]).contains("not UTF-8"))
    #expect(
      message([("vedette.preprocess", Array(repeating: 10, count: (1 << 20) + 1))])
        .contains("1048577 bytes"))
    #expect(message([("a", [1]), ("a", [2])]).contains("\"a\": it is there twice"))
    var model = RawModel.network()
    model.metadata = [("a", [])]
    model.metadataBuffer = 999
    #expect(complaint(model.bytes())?.contains("buffer is not one of the file's") == true)
  }

  @Test("Other entries are listed and can be read")
  func listed() throws {
    var model = RawModel.network()
    model.metadata = [("min_runtime_version", Array("1.14.0".utf8)), ("empty", [])]
    let file = try read(model.bytes())
    let names = Set(file.metadata.keys)
    #expect(names == ["min_runtime_version", "empty"])
    let version = file.metadataBytes("min_runtime_version")
    #expect(version == Array("1.14.0".utf8))
    let empty = file.metadataBytes("empty")
    #expect(empty == [])
    let missing = file.metadataBytes("none")
    #expect(missing == nil)
  }

  @Test(
    "A normalization that is no use",
    arguments: [
      ([127, 127], [1], "mean has 2 entries"), ([127], [0], "std is not finite and above 0"),
      ([127], [], "std has 0 entries"), ([Float.nan], [1], "mean is not finite"),
    ] as [([Float], [Float], String)])
  func badNormalization(mean: [Float], std: [Float], words: String) {
    let message = message([("TFLITE_METADATA", standardMetadata(mean: mean, std: std))])
    #expect(message.contains("metadata entry \"TFLITE_METADATA\": " + words), "\(message)")
  }

  @Test("Standard metadata cut short at any byte is refused; flipped bits do no harm")
  func hostile() {
    let good = standardMetadata(mean: [1, 2, 3], std: [4, 5, 6], labelFile: "labels.txt")
    for count in 0..<good.count {
      #expect(message([("TFLITE_METADATA", Array(good[..<count]))]).contains("TFLITE_METADATA"))
    }
    for bit in 0..<(good.count * 8) {
      var bytes = good
      bytes[bit / 8] ^= 1 << (bit % 8)
      // It names a label file that is not there, so it is refused unless that very field is gone.
      _ = message([("TFLITE_METADATA", bytes)])
    }
  }
}
