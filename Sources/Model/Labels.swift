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
  /// A label is part of a journal entry and of a line of JSON.
  static let maximumLength = 1024

  /// Where labels may come from.
  enum Choice {
    /// The model file alone.
    case model
    /// The model file, else a file beside it.
    case modelOrBeside
    /// This file, which must be there.
    case file(String)
  }

  /// The labels of the archive's file `embedded` if the metadata names one, else of a file beside
  /// the model, as far as `choice` allows; nil if there are none.
  func labels(_ choice: Choice, embedded: String?) throws(ModelError) -> [String]? {
    if case .file(let named) = choice { return try read(named, mayBeMissing: false) }
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
    guard case .modelOrBeside = choice else { return nil }
    for candidate in candidates {
      if let labels = try read(candidate, mayBeMissing: true) { return labels }
    }
    return nil
  }

  /// The labels of a file of its own; nil if it is missing and may be.
  private func read(_ file: String, mayBeMissing: Bool) throws(ModelError) -> [String]? {
    let bytes: [UInt8]
    do {
      bytes = try readFile(file, limit: LabelSource.maximumSize).withUnsafeBytes { Array($0) }
    } catch {
      let why: String
      switch error {
      case .system(_, ENOENT) where mayBeMissing: return nil
      case .system(let call, let code): why = "\(call): \(errorText(code))"
      case .notRegular: why = "not a regular file"
      case .tooLarge(let bytes): why = "\(bytes) bytes are more than \(LabelSource.maximumSize)"
      }
      throw .invalidLabels(path: path, source: file, why: why)
    }
    return try parse(bytes, file)
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
      guard line.utf8.count <= LabelSource.maximumLength else {
        throw wrong("line \(number) is longer than \(LabelSource.maximumLength) bytes")
      }
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
