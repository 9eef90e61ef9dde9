#if canImport(Glibc)
import Glibc
#endif

/// Walks over the markers of one JPEG, byte by byte in any portions, from behind its SOI to its EOI.
///
/// A segment is skipped by its length, so that the SOI and EOI of a thumbnail inside it are not
/// seen; entropy-coded data is searched for the next FF that is neither stuffed (FF 00) nor a
/// restart marker. Source: ITU-T T.81, annex B. Cost: each byte is looked at once, entropy-coded
/// data by `memchr`.
struct JPEGWalker {
  /// What a strict walk refuses and a lenient one steps over, as libjpeg does with a warning:
  /// bytes that stand between a segment and the next marker. In a stream they are the sign that
  /// a writer died inside the segment; in a file they are harmless padding.
  let isLenient: Bool
  private var state = State.marker
  private var hasFrameHeader = false
  private var hasScan = false
  private var lastSegmentLength = 0

  init(isLenient: Bool) { self.isLenient = isLenient }

  private enum State {
    case marker
    case code
    case lengthHigh(UInt8)
    case lengthLow(UInt8, high: UInt8)
    case body(UInt8, remaining: Int)
    case entropy
    case entropyPrefix
  }

  enum Step: Equatable {
    /// All bytes were consumed and the image goes on.
    case needsMore
    /// The byte before `next` was the last of EOI.
    case end
    /// The bytes before `next` were an SOI where none can be: another image starts.
    case restart
    /// The byte at `next`, not consumed, breaks the structure.
    case broken(String)
  }

  /// Where the walk stands, for the message about a file that ends here.
  var position: String {
    switch state {
    case .marker, .code: hasScan ? "after a scan" : "between its header's segments"
    case .lengthHigh(let code), .lengthLow(let code, _), .body(let code, _):
      "inside segment \(JPEGMarker.name(code))"
    case .entropy, .entropyPrefix: "inside a scan's data"
    }
  }

  /// How many of the bytes before the point where the walk broke may belong to another image.
  ///
  /// A writer that dies inside a segment leaves a length that reaches into what the next writer
  /// sends; then no marker stands where the segment should end. At most 64 KiB.
  var suspectLength: Int {
    switch state {
    case .entropy, .entropyPrefix: 0
    case .marker: lastSegmentLength
    case .code: lastSegmentLength + 1
    case .lengthHigh: lastSegmentLength + 2
    case .lengthLow: lastSegmentLength + 3
    case .body: 0
    }
  }

  /// Whether a segment was begun: before that, SOI may have been two bytes of garbage.
  var sawSegment: Bool { lastSegmentLength > 0 }

  /// Whether the byte walked over last is an FF that may open a marker.
  var endsInPrefix: Bool {
    switch state {
    case .code, .entropyPrefix: true
    default: false
    }
  }

  /// Walks over `bytes` from the index `start` on.
  mutating func walk(
    _ bytes: UnsafeRawBufferPointer, from start: Int
  ) -> (next: Int, step: Step) {
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      switch state {
      case .marker:
        if byte == JPEGMarker.prefix {
          state = .code
        } else if !isLenient {
          return (index, .broken("byte \(hex(byte)) where a marker must be"))
        }
        index += 1
      case .code, .entropyPrefix:
        if byte == JPEGMarker.prefix {
          // Any number of fill bytes may stand before a marker's code.
          index += 1
        } else if case .entropyPrefix = state, byte == 0 || (0xD0...0xD7).contains(byte) {
          state = .entropy
          index += 1
        } else if let step = enter(byte) {
          if case .broken = step { return (index, step) }
          return (index + 1, step)
        } else {
          index += 1
        }
      case .lengthHigh(let code):
        state = .lengthLow(code, high: byte)
        index += 1
      case .lengthLow(let code, let high):
        // The length counts its own two bytes.
        let length = Int(high) << 8 | Int(byte)
        guard length >= 2 else {
          return (index, .broken("segment \(JPEGMarker.name(code)) of length \(length)"))
        }
        index += 1
        lastSegmentLength = 2 + length
        state = .body(code, remaining: length - 2)
        if length == 2 { leaveSegment(code) }
      case .body(let code, let remaining):
        let skipped = min(remaining, bytes.count - index)
        index += skipped
        state = .body(code, remaining: remaining - skipped)
        if skipped == remaining { leaveSegment(code) }
      case .entropy:
        guard let base = bytes.baseAddress,
          let found = memchr(base + index, CInt(JPEGMarker.prefix), bytes.count - index)
        else { return (bytes.count, .needsMore) }
        index = UnsafeRawPointer(found) - base + 1
        state = .entropyPrefix
      }
    }
    return (index, .needsMore)
  }

  /// Acts on the marker `FF code`; nil means that the walk goes on.
  private mutating func enter(_ code: UInt8) -> Step? {
    switch JPEGMarker.kind(code) {
    case .startOfImage: return .restart
    case .endOfImage: return hasScan ? .end : .broken("end of image before any scan")
    case .scan where !hasFrameHeader: return .broken("a scan before the frame's header")
    // Only hierarchical JPEG has several, and no decoder that we know of reads it.
    case .frame where hasFrameHeader: return .broken("a second frame header")
    case .frame:
      hasFrameHeader = true
      state = .lengthHigh(code)
    case .scan, .segment: state = .lengthHigh(code)
    case .alone: state = .marker
    case .invalid:
      // libjpeg, too, takes FF 00 between segments for padding.
      guard isLenient, code == 0 else { return .broken("invalid marker FF\(hex(code))") }
      state = .marker
    }
    return nil
  }

  private mutating func leaveSegment(_ code: UInt8) {
    if code == JPEGMarker.startOfScan {
      hasScan = true
      state = .entropy
    } else {
      state = .marker
    }
  }
}

private func hex(_ byte: UInt8) -> String {
  let digits = String(byte, radix: 16, uppercase: true)
  return digits.utf8.count == 1 ? "0" + digits : digits
}
