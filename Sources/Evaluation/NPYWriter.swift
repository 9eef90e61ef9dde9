public import Tensors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Writes an array row by row as a NumPy file that appears whole or not at all.
///
/// Format version 1.0, C order, little-endian:
/// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. The number of rows goes
/// into the header at the end. A writer that is dropped without ``finish()`` leaves nothing behind.
public struct NPYWriter: ~Copyable {
  public let path: String
  /// How many rows were written.
  public private(set) var rowCount = 0

  private var isFinished = false
  private let temporary: String
  private let descriptor: Int32
  private let description: String
  private let rowShape: [Int]
  private let rowByteCount: Int

  /// Room for any shape that we write; a multiple of 64, as the format wants it.
  private static let headerByteCount = 256

  /// - Parameters:
  ///   - elementType: float32, int8 or uint8.
  ///   - rowShape: of one row; the array's is `[rows] + rowShape`.
  public init(path: String, elementType: ElementType, rowShape: [Int]) throws(EvaluationError) {
    precondition(rowShape.count <= Shape.maximumRank, "an array has few axes")
    switch elementType {
    case .float32: description = "<f4"
    case .int8: description = "|i1"
    case .uint8: description = "|u1"
    case .int32, .int64, .int16, .int4, .bool:
      preconditionFailure("networks take and give float32, int8 or uint8")
    }
    var status = stat()
    guard stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
      throw .unwritable(path: path, reason: "there is something else than a file")
    }
    let temporary = "\(path).\(getpid()).tmp"
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
    let descriptor = open(temporary, flags, 0o644)
    guard descriptor >= 0 else {
      throw .unwritable(path: path, reason: String(cString: strerror(errno)))
    }
    self.path = path
    self.rowShape = rowShape
    rowByteCount = elementType.byteCount(elements: rowShape.reduce(1, *))
    self.temporary = temporary
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
    if !isFinished { unlink(temporary) }
  }

  /// Adds a row, little-endian elements in C order.
  public mutating func append(_ row: UnsafeRawBufferPointer) throws(EvaluationError) {
    precondition(row.count == rowByteCount, "the row does not have the array's shape")
    // The header's place; what is in it is known at the end only.
    if rowCount == 0 { lseek(descriptor, off_t(NPYWriter.headerByteCount), SEEK_SET) }
    try write(row)
    rowCount += 1
  }

  /// Adds a row, little-endian elements in C order.
  public mutating func append(_ row: [UInt8]) throws(EvaluationError) {
    try row.withUnsafeBytes { bytes in
      attempt { () throws(EvaluationError) in try append(bytes) }
    }.get()
  }

  /// Adds a row of float32.
  public mutating func append(_ row: [Float]) throws(EvaluationError) {
    try row.withUnsafeBytes { bytes in
      attempt { () throws(EvaluationError) in try append(bytes) }
    }.get()
  }

  /// Puts the file where it belongs, in place of one that is there.
  public consuming func finish() throws(EvaluationError) {
    let head = header()
    let count = head.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    guard count == head.count, fsync(descriptor) == 0, rename(temporary, path) == 0 else {
      throw .unwritable(path: path, reason: String(cString: strerror(errno)))
    }
    isFinished = true
  }

  private borrowing func header() -> [UInt8] {
    let extents = ([rowCount] + rowShape).map { "\($0)," }.joined(separator: " ")
    let text = "{'descr': '\(description)', 'fortran_order': False, 'shape': (\(extents)), }"
    let length = NPYWriter.headerByteCount - 10
    precondition(text.utf8.count < length, "the header has room for any shape")
    let padding = repeatElement(UInt8(ascii: " "), count: length - 1 - text.utf8.count)
    return [0x93] + Array("NUMPY".utf8)
      + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8) + padding + [0x0A]
  }

  private borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(EvaluationError) {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw .unwritable(path: path, reason: String(cString: strerror(errno)))
      }
      done += count
    }
  }
}

/// Runs `body` where only untyped errors get through, keeping the type of what it throws.
func attempt<R>(_ body: () throws(EvaluationError) -> R) -> Result<R, EvaluationError> {
  do throws(EvaluationError) {
    return .success(try body())
  } catch {
    return .failure(error)
  }
}
