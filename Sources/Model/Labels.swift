import Tensors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Finds and reads a model's labels: one line of UTF-8 for each class.
struct LabelSource {
  let path: String
  let raw: UnsafeRawBufferPointer
  /// Nil if the graph has not exactly one output.
  let classCount: Int?

  /// A label list is at most this long, wherever it stands. ImageNet's takes 10 KiB.
  static let maximumSize = 1 << 20
  static let maximumCount = 100_000

  /// The labels of the archive's file `embedded` if the metadata names one, else of a file beside
  /// the model if `looksBeside`; nil if there are none.
  func labels(embedded: String?, looksBeside: Bool) throws(ModelError) -> [String]? {
    if let embedded {
      let source = "its metadata's file \"\(printable(embedded))\""
      let bytes: [UInt8]
      do {
        bytes = try ZipArchive(raw).contents(of: embedded, limit: LabelSource.maximumSize)
      } catch {
        throw .invalidLabels(path: path, source: source, why: error.why)
      }
      return try parse(bytes, source)
    }
    guard looksBeside else { return nil }
    for candidate in candidates {
      do {
        let file = try readFile(candidate, limit: LabelSource.maximumSize)
        return try parse(file.withUnsafeBytes { Array($0) }, candidate)
      } catch let error as FileFailure {
        switch error {
        case .system(_, ENOENT): continue
        case .system(let call, let code):
          throw .invalidLabels(
            path: path, source: candidate, why: "\(call): \(errorText(code))")
        case .notRegular:
          throw .invalidLabels(path: path, source: candidate, why: "not a regular file")
        case .tooLarge(let bytes):
          throw .invalidLabels(
            path: path, source: candidate,
            why: "\(bytes) bytes are more than \(LabelSource.maximumSize)")
        }
      } catch let error as ModelError {
        throw error
      } catch {
        preconditionFailure("reading labels throws nothing else")
      }
    }
    return nil
  }

  /// `<name>.labels.txt` for `<name>.tflite`, then `labels.txt`, both in the model's folder.
  private var candidates: [String] {
    let suffix = ".tflite"
    let stem = path.hasSuffix(suffix) ? String(path.dropLast(suffix.count)) : path
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    return [stem + ".labels.txt", folder + "labels.txt"]
  }

  private func parse(_ bytes: [UInt8], _ source: String) throws(ModelError) -> [String] {
    func wrong(_ why: String) -> ModelError {
      .invalidLabels(path: path, source: source, why: why)
    }
    guard let classCount else { throw wrong("the graph does not have exactly one output") }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw wrong("not UTF-8") }
    var labels: [String] = []
    var line = ""
    var isOpen = false
    func finish() throws(ModelError) {
      // Lines of other systems end in CR LF.
      if line.unicodeScalars.last == "\r" { line.unicodeScalars.removeLast() }
      let number = labels.count + 1
      guard !line.isEmpty else { throw wrong("line \(number) is empty") }
      for scalar in line.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator:
          throw wrong("line \(number) has a control character")
        default: continue
        }
      }
      guard number <= LabelSource.maximumCount else {
        throw wrong("more than \(LabelSource.maximumCount) lines")
      }
      labels.append(line)
      line = ""
    }
    for (position, scalar) in text.unicodeScalars.enumerated() {
      if position == 0 && scalar == "\u{FEFF}" { continue }
      isOpen = scalar != "\n"
      if isOpen { line.unicodeScalars.append(scalar) } else { try finish() }
    }
    if isOpen { try finish() }
    guard labels.count == classCount else {
      throw wrong("\(labels.count) labels for \(classCount) classes")
    }
    return labels
  }
}
