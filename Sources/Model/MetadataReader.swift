import CTFLite
import Tensors

/// What a model's metadata entries say about its input and its labels.
struct MetadataReader {
  let path: String
  let raw: UnsafeRawBufferPointer
  let entries: [String: Range<Int>]

  /// The TFLite Metadata's own entry.
  static let standardEntry = "TFLITE_METADATA"
  /// Ours: what the standard has no field for, as lines of `key=value`.
  static let preprocessEntry = "vedette.preprocess"
  /// The sides of the square inputs that the model is meant for, as numbers between blanks.
  static let sizesEntry = "vedette.sizes"
  /// The most sizes that a model may list: a ladder has a handful.
  private static let maximumSizes = 64
  /// An entry that we look into is a page or two.
  private static let maximumEntrySize = 1 << 20

  /// What we use of the TFLite Metadata.
  struct Standard {
    /// Empty if the metadata does not say.
    var mean: [Float]
    var standardDeviation: [Float]
    /// The name of a file in the archive behind the model.
    var labelFile: String?
  }

  /// The TFLite Metadata; nil if the file has none.
  func standardMetadata() throws(ModelError) -> Standard? {
    guard let bytes = try entry(MetadataReader.standardEntry) else { return nil }
    // A copy, because it need not be aligned where it stands.
    let copy = AlignedBytes(copying: UnsafeRawBufferPointer(rebasing: raw[bytes]))
    let result: Result<Standard, StructureFailure> = copy.withUnsafeBytes { copied in
      guard let start = copied.baseAddress else { return .failure(.init(why: "it is empty")) }
      var error = [CChar](repeating: 0, count: Int(VD_TFLITE_ERROR_SIZE))
      var out = vd_tflite_model_metadata()
      guard vd_tflite_read_model_metadata(start, copied.count, &out, &error) == 1 else {
        return .failure(StructureFailure(why: sentence(error)))
      }
      return .success(
        Standard(
          mean: out.mean.floats, standardDeviation: out.standard_deviation.floats,
          labelFile: out.label_file.count > 0 ? out.label_file.text : nil))
    }
    do {
      return try result.get()
    } catch {
      throw invalid(MetadataReader.standardEntry, error.why)
    }
  }

  /// How pictures are prepared: our own entry's keys, else the standard normalization, else the
  /// defaults for the graph's input.
  func preprocessing(graph: Graph, standard: Standard?) throws(ModelError) -> Preprocessing {
    var result = Preprocessing.standard(for: graph.tensors[graph.inputs[0]])
    if let standard, !standard.mean.isEmpty || !standard.standardDeviation.isEmpty {
      let name = MetadataReader.standardEntry
      result.mean = try channels(standard.mean, name, "mean", isDivisor: false)
      result.standardDeviation = try channels(
        standard.standardDeviation, name, "std", isDivisor: true)
    }
    guard let range = try entry(MetadataReader.preprocessEntry) else { return result }
    let name = MetadataReader.preprocessEntry
    guard let text = String(validating: raw[range], as: UTF8.self) else {
      throw invalid(name, "it is not UTF-8")
    }
    for line in text.split(whereSeparator: \.isNewline) {
      let pair = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2 else { throw invalid(name, "a line without \"=\": \(quoted(line))") }
      switch pair[0] {
      case "crop":
        (result.crop, result.cropMargin) = try crop(pair[1])
        result = result.forInput(height: graph.tensors[graph.inputs[0]].shape.image?.height ?? 1)
      case "filter": result.filter = try filter(pair[1])
      case "mean": result.mean = try channels(try numbers(pair[1]), name, "mean", isDivisor: false)
      case "std":
        result.standardDeviation = try channels(
          try numbers(pair[1]), name, "std", isDivisor: true)
      default:
        throw invalid(name, "the key \(quoted(pair[0])); crop, filter, mean and std are known")
      }
    }
    return result
  }

  /// The input sizes that the model lists; empty if it lists none. Each is one that the graph can
  /// be planned for.
  func inputSizes(graph: Graph) throws(ModelError) -> [Int] {
    guard let range = try entry(MetadataReader.sizesEntry) else { return [] }
    let name = MetadataReader.sizesEntry
    guard let text = String(validating: raw[range], as: UTF8.self) else {
      throw invalid(name, "it is not UTF-8")
    }
    var sizes: [Int] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      guard let size = Int(word), 1...65536 ~= size else {
        throw invalid(name, "\(quoted(word)) is not a size of 1 to 65536 pixels")
      }
      guard !sizes.contains(size) else { throw invalid(name, "\(size) is there twice") }
      guard sizes.count < MetadataReader.maximumSizes else {
        throw invalid(name, "more than \(MetadataReader.maximumSizes) sizes")
      }
      sizes.append(size)
    }
    guard !sizes.isEmpty else { throw invalid(name, "it lists no size") }
    for size in sizes {
      do {
        _ = try graph.resized(height: size, width: size, path: path)
      } catch {
        throw invalid(name, "\(size) does not fit the graph (\(error))")
      }
    }
    return sizes
  }

  // MARK: Values

  /// One number for each of R, G and B, from one or three.
  private func channels(_ values: [Float], _ name: String, _ what: String, isDivisor: Bool)
    throws(ModelError) -> [Float]
  {
    guard values.count == 1 || values.count == 3 else {
      throw invalid(name, "\(what) has \(values.count) entries instead of 1 or 3")
    }
    guard values.allSatisfy({ $0.isFinite && (!isDivisor || $0 > 0) }) else {
      throw invalid(name, "\(what) is not \(isDivisor ? "finite and above 0" : "finite")")
    }
    return values.count == 3 ? values : Array(repeating: values[0], count: 3)
  }

  private func numbers(_ text: Substring) throws(ModelError) -> [Float] {
    var values: [Float] = []
    for field in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let value = Float(field) else {
        throw invalid(MetadataReader.preprocessEntry, "\(quoted(field)) is not a number")
      }
      values.append(value)
    }
    return values
  }

  private func crop(_ text: Substring) throws(ModelError) -> (Preprocessing.Crop, margin: Int?) {
    if text == "whole" { return (.whole, nil) }
    let words = text.split(separator: " ")
    if words.count == 3, words[0] == "central", words[1] == "margin", let margin = Int(words[2]),
      0...65536 ~= margin
    {
      return (.whole, margin)
    }
    if words.count == 2, words[0] == "central" {
      let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
      if parts.count == 2, let part = Int(parts[0]), let of = Int(parts[1]), part >= 1,
        part <= of, of <= 65536
      {
        return (.centralSquare(numerator: part, denominator: of), nil)
      }
    }
    throw invalid(
      MetadataReader.preprocessEntry,
      "crop is \(quoted(text)) instead of \"whole\", \"central 224/256\" or "
        + "\"central margin 32\"")
  }

  private func filter(_ text: Substring) throws(ModelError) -> Preprocessing.Filter {
    switch text {
    case "bicubic": return .bicubic
    case "bilinear": return .bilinear
    default:
      throw invalid(
        MetadataReader.preprocessEntry, "filter is \(quoted(text)) instead of bicubic or bilinear")
    }
  }

  // MARK: Entries and messages

  private func entry(_ name: String) throws(ModelError) -> Range<Int>? {
    guard let range = entries[name] else { return nil }
    guard range.count <= MetadataReader.maximumEntrySize else {
      throw invalid(
        name, "\(range.count) bytes are more than \(MetadataReader.maximumEntrySize)")
    }
    return range
  }

  private func quoted(_ text: Substring) -> String { "\"\(printable(String(text)))\"" }

  private func invalid(_ entry: String, _ why: String) -> ModelError {
    .invalidMetadata(path: path, entry: entry, why: why)
  }
}

extension Preprocessing {
  /// What holds where a model says nothing: EfficientNet's crop, bicubic, and numbers such that the
  /// stored input is the pixel itself (int8: minus 128); for a float input, -1...1.
  static func standard(for input: TensorInfo) -> Preprocessing {
    let height = input.shape.image?.height
    var (mean, deviation): (Float, Float) = (127.5, 127.5)
    if let quantization = input.quantization {
      let shift: Int32 = input.elementType == .int8 ? 128 : 0
      mean = Float(quantization.zeroPoint + shift)
      deviation = 1 / quantization.scale
    }
    let recipe = Preprocessing(
      crop: .whole, filter: .bicubic, mean: Array(repeating: mean, count: 3),
      standardDeviation: Array(repeating: deviation, count: 3),
      cropMargin: height == nil ? nil : 32)
    return recipe.forInput(height: height ?? 1)
  }
}
