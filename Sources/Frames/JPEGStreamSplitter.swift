#if canImport(Glibc)
import Glibc
#endif

/// Cuts a stream of bytes into the JPEGs that it carries one after the other.
///
/// Any portions give the same frames. What stands between frames (garbage, the part headers of
/// multipart/x-mixed-replace, padding) is passed over and counted. Motion JPEG without Huffman
/// tables passes as it is. Every byte ends up in exactly one event's count or is still pending:
/// in = frames + refused + discarded + `pendingByteCount`. Memory: one frame's bytes up to the
/// limit. Cost: each byte is walked over once, and once more at most where a frame broke.
public struct JPEGStreamSplitter: Sendable {
  public enum Event: Sendable, Hashable {
    /// A whole image, from SOI to EOI.
    case frame([UInt8])
    /// An image that was given up; `bytes` of it went by.
    case refused(FrameRefusal, bytes: Int)
    /// Bytes that belong to no image. The total is the same for any portions; the number of such
    /// events is not.
    case discarded(bytes: Int)
  }

  /// A frame with more bytes than this is refused.
  public let maximumFrameLength: Int

  private enum Phase {
    /// Looks for FF D8 FF; so many of its bytes were seen.
    case seeking(matched: Int)
    case inFrame
    /// Walks to the end of an image that is too large, and keeps nothing of it.
    case oversized
  }

  private var phase = Phase.seeking(matched: 0)
  private var walker = JPEGWalker(isLenient: false)
  private var partial: [UInt8] = []
  private var discarded = 0
  private var events: [Event] = []
  /// Bytes consumed since the start of the stream.
  private var position = 0
  /// Bytes before this position were walked over twice; they are not salvaged again, so that the
  /// cost stays linear.
  private var salvageFloor = 0

  /// - Parameter maximumFrameLength: at least 4 bytes; 16 MiB hold a 50-megapixel photograph.
  public init(maximumFrameLength: Int = 16 << 20) {
    precondition(maximumFrameLength >= 4, "no JPEG fits into so few bytes")
    self.maximumFrameLength = maximumFrameLength
  }

  /// Whether an image was begun and has not ended yet.
  public var isMidFrame: Bool {
    guard case .seeking = phase else { return true }
    return false
  }

  /// Bytes that came in and that no event has counted yet.
  public var pendingByteCount: Int {
    switch phase {
    case .seeking(let matched): matched + discarded
    case .inFrame: partial.count + discarded
    case .oversized: discarded
    }
  }

  /// Takes the stream's next bytes and returns what they complete, in the order of the stream.
  public mutating func push(_ bytes: UnsafeRawBufferPointer) -> [Event] {
    var index = 0
    while index < bytes.count {
      let start = index
      switch phase {
      case .seeking(let matched):
        index = seek(bytes, from: index, matched: matched)
        position += index - start
      case .inFrame, .oversized:
        let (next, step) = walker.walk(bytes, from: index)
        index = next
        position += next - start
        take(UnsafeRawBufferPointer(rebasing: bytes[start..<next]), step)
      }
    }
    return takeEvents()
  }

  /// As `push(_:)` for a raw buffer.
  public mutating func push(_ bytes: [UInt8]) -> [Event] {
    bytes.withUnsafeBytes { push($0) }
  }

  /// Gives up the image that was begun, for a reason of the caller's, and looks for the next one.
  public mutating func abandonPartial(_ refusal: FrameRefusal) -> [Event] {
    switch phase {
    case .seeking(let matched): discarded += matched
    case .inFrame: emit(.refused(refusal, bytes: partial.count))
    case .oversized: break
    }
    startSeeking()
    return takeEvents()
  }

  /// Ends the stream: an image that was begun is refused as truncated.
  public mutating func finish() -> [Event] {
    abandonPartial(
      FrameRefusal(
        code: FrameRefusal.Code.truncated,
        detail: "the stream ends \(walker.position), \(partial.count) bytes into the frame"))
  }

  // MARK: Walking

  /// Accounts for `walked`, which the walker has just passed, and for what it found behind it.
  private mutating func take(_ walked: UnsafeRawBufferPointer, _ step: JPEGWalker.Step) {
    if case .oversized = phase {
      discarded += walked.count
    } else {
      // Of a restart's FF D8 the FF was still part of this frame when it was seen.
      let length = partial.count + walked.count
      let counted = step == .restart ? length - 1 : length
      if counted > maximumFrameLength {
        emit(.refused(tooLarge, bytes: maximumFrameLength))
        discarded += length - maximumFrameLength
        partial = []
        phase = .oversized
      } else {
        partial.append(contentsOf: walked)
      }
    }
    switch step {
    case .needsMore: break
    case .end: endFrame()
    case .restart: restart()
    case .broken(let fault): breakFrame(fault)
    }
  }

  private mutating func endFrame() {
    if case .inFrame = phase {
      let frame = partial
      // Emptied before the event goes out, so that the bytes have one owner and are not copied.
      partial = []
      emit(.frame(frame))
    }
    startSeeking()
  }

  /// A writer died inside an image and the next one began: FF D8 is part of the new image.
  private mutating func restart() {
    switch phase {
    case .inFrame where walker.sawSegment:
      emit(
        .refused(
          FrameRefusal(
            code: FrameRefusal.Code.truncated,
            detail: "another image starts \(partial.count - 2) bytes into the frame"),
          bytes: partial.count - 2))
    case .inFrame: discarded += partial.count - 2
    case .oversized, .seeking: discarded -= 2
    }
    startFrame()
  }

  private mutating func breakFrame(_ fault: String) {
    guard case .inFrame = phase else { return startSeeking() }
    guard walker.sawSegment else {
      discarded += partial.count
      return startSeeking()
    }
    let broken = partial
    let suspect = min(walker.suspectLength, position - salvageFloor, broken.count - 2)
    salvageFloor = position
    startSeeking()
    broken.withUnsafeBytes { salvage(UnsafeRawBufferPointer(rebasing: $0.suffix(suspect))) }
    let kept = pendingFrameBytes
    emit(
      .refused(
        FrameRefusal(
          code: FrameRefusal.Code.malformed,
          detail: "\(fault), \(broken.count) bytes into the frame"),
        bytes: broken.count - kept))
  }

  /// Looks for an image that starts in the bytes of a segment that a dead writer left unfinished.
  ///
  /// One that ends in there is dropped: it may be the thumbnail of the broken image.
  private mutating func salvage(_ bytes: UnsafeRawBufferPointer) {
    let discardedBefore = discarded
    var index = 0
    while index < bytes.count {
      guard case .inFrame = phase else {
        guard case .seeking(let matched) = phase else { return }
        index = seek(bytes, from: index, matched: matched)
        continue
      }
      let (next, step) = walker.walk(bytes, from: index)
      partial.append(contentsOf: bytes[index..<next])
      index = next
      switch step {
      case .needsMore: break
      case .restart: startFrame()
      case .end, .broken: startSeeking()
      }
    }
    // The refusal counts them.
    discarded = discardedBefore
    if partial.count > maximumFrameLength { startSeeking() }
  }

  private var pendingFrameBytes: Int {
    switch phase {
    case .seeking(let matched): matched
    case .inFrame: partial.count
    case .oversized: 0
    }
  }

  // MARK: Seeking

  /// Looks for the next SOI that a marker follows; returns the index to go on from.
  private mutating func seek(
    _ bytes: UnsafeRawBufferPointer, from start: Int, matched: Int
  ) -> Int {
    switch matched {
    case 0:
      guard let base = bytes.baseAddress,
        let found = memchr(base + start, CInt(JPEGMarker.prefix), bytes.count - start)
      else {
        discarded += bytes.count - start
        return bytes.count
      }
      let index = UnsafeRawPointer(found) - base
      discarded += index - start
      phase = .seeking(matched: 1)
      return index + 1
    case 1:
      switch bytes[start] {
      case JPEGMarker.startOfImage: phase = .seeking(matched: 2)
      case JPEGMarker.prefix: discarded += 1
      default:
        discarded += 2
        phase = .seeking(matched: 0)
      }
      return start + 1
    default:
      // Not consumed: it is the first byte of the marker behind SOI, or garbage.
      if bytes[start] == JPEGMarker.prefix {
        startFrame()
      } else {
        discarded += 2
        phase = .seeking(matched: 0)
      }
      return start
    }
  }

  private mutating func startSeeking() {
    partial = []
    phase = .seeking(matched: 0)
  }

  private mutating func startFrame() {
    partial = [JPEGMarker.prefix, JPEGMarker.startOfImage]
    walker = JPEGWalker(isLenient: false)
    phase = .inFrame
  }

  // MARK: Events

  private var tooLarge: FrameRefusal {
    FrameRefusal(
      code: FrameRefusal.Code.tooLarge,
      detail: "the frame has more than \(maximumFrameLength) bytes")
  }

  private mutating func emit(_ event: Event) {
    flushDiscarded()
    events.append(event)
  }

  private mutating func flushDiscarded() {
    // An FF that may open the next image's SOI is not counted before its fate is known.
    var held = 0
    if case .oversized = phase, walker.endsInPrefix { held = 1 }
    guard discarded > held else { return }
    events.append(.discarded(bytes: discarded - held))
    discarded = held
  }

  private mutating func takeEvents() -> [Event] {
    flushDiscarded()
    let taken = events
    events = []
    return taken
  }
}
