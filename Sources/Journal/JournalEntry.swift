#if canImport(Glibc)
import Glibc
#endif

/// One entry for the journal: a priority, a kind, a message and fields in their order.
///
/// The fields lie in one buffer as `NAME=value`, the form that journald takes, so an entry costs
/// two allocations however many fields it has. A name may come again; a value may hold any bytes.
public struct JournalEntry: Equatable, Sendable {
  /// The priorities of syslog(3). The lower the number, the worse.
  ///
  /// journald writes its file to disk at once for `critical` and worse, so nothing that comes
  /// often goes above `warning`.
  public enum Priority: UInt8, Comparable, Sendable {
    case emergency, alert, critical, error, warning, notice, info, debug

    /// A lower priority is the *greater* number, as in syslog's own masks.
    public static func < (left: Priority, right: Priority) -> Bool {
      left.rawValue < right.rawValue
    }
  }

  /// A value longer than this is cut: no path, label or reason comes near, and the ring's memory
  /// stays bounded whatever a caller passes on from outside.
  public static let maximumValueBytes = 64 * 1024

  /// journald takes 1024 fields an entry; ours stay far below, beside those that it adds.
  public static let maximumFieldCount = 128

  public let priority: Priority
  public let messageID: MessageID?

  /// The fields back to back, each `NAME=value`; the first one is the message.
  private var bytes: [UInt8] = []
  /// Where each field ends in `bytes`.
  private var ends: [Int] = []

  /// - Parameter message: one line; control characters in it are escaped, because it may hold
  ///   names from outside and both journald and a terminal would stumble over them.
  public init(_ messageID: MessageID?, _ priority: Priority, _ message: String) {
    self.priority = priority
    self.messageID = messageID
    bytes.reserveCapacity(512)
    ends.reserveCapacity(24)
    append("MESSAGE", escapedForTerminal(message))
    append("PRIORITY", priority.rawValue)
    if let messageID {
      append("MESSAGE_ID", messageID.rawValue)
    }
  }

  /// Adds a field; one of the same name that is there already stays.
  public mutating func append(_ name: FieldName, _ value: String) {
    append(name, bytes: value.utf8)
  }

  /// Adds a field that holds a number in decimal.
  public mutating func append(_ name: FieldName, _ value: some FixedWidthInteger) {
    append(name, bytes: String(value).utf8)
  }

  /// Adds a field that may hold any bytes, newlines and invalid UTF-8 included.
  public mutating func append(_ name: FieldName, bytes value: some Collection<UInt8>) {
    precondition(ends.count < Self.maximumFieldCount, "an entry has too many fields")
    bytes.append(contentsOf: name.text.utf8)
    bytes.append(UInt8(ascii: "="))
    bytes.append(contentsOf: value.prefix(Self.maximumValueBytes))
    ends.append(bytes.count)
  }
}

// Reading an entry back: for lines on a terminal, JSON, and tests.
extension JournalEntry {
  /// What the entry takes in memory, about.
  public var byteCount: Int { bytes.count + ends.count * MemoryLayout<Int>.stride }

  public var message: String { first("MESSAGE") ?? "" }

  /// All fields in order, `MESSAGE`, `PRIORITY` and `MESSAGE_ID` first. Makes new arrays.
  public var fields: [(name: String, value: [UInt8])] {
    var start = 0
    return ends.map { end in
      let field = bytes[start..<end]
      start = end
      let name = field.prefix { $0 != UInt8(ascii: "=") }
      return (String(decoding: name, as: UTF8.self), Array(field[(name.endIndex + 1)...]))
    }
  }

  /// Every value under this name, in order; invalid UTF-8 is repaired.
  public func values(_ name: FieldName) -> [String] {
    fields.filter { $0.name == name.text }.map { String(decoding: $0.value, as: UTF8.self) }
  }

  /// The first value under this name; invalid UTF-8 is repaired.
  public func first(_ name: FieldName) -> String? { values(name).first }
}

extension JournalEntry {
  /// Lends the fields as the vector that sd_journal_sendv(3) takes, followed by `extra`.
  ///
  /// The vector is valid inside `body` only. Allocates nothing.
  func withIOVectors<Result>(
    appending extra: StaticString, _ body: (UnsafeBufferPointer<iovec>) -> Result
  ) -> Result {
    bytes.withUnsafeBytes { bytes in
      withUnsafeTemporaryAllocation(of: iovec.self, capacity: ends.count + 1) { vectors in
        var start = 0
        for (index, end) in ends.enumerated() {
          let field = UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.advanced(by: start)
          vectors.initializeElement(at: index, to: iovec(iov_base: field, iov_len: end - start))
          start = end
        }
        let last = UnsafeMutableRawPointer(mutating: extra.utf8Start)
        vectors.initializeElement(
          at: ends.count, to: iovec(iov_base: last, iov_len: extra.utf8CodeUnitCount))
        return body(UnsafeBufferPointer(vectors))
      }
    }
  }
}
