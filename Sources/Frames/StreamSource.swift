#if canImport(Glibc)
import Glibc
#endif

/// What a pipe brought.
public enum StreamEvent: Sendable {
  case frame(EncodedFrame)
  /// An image that was given up after so many bytes.
  case refused(FrameRefusal, bytes: Int)
  /// Bytes between the images: garbage, padding, part headers.
  case discarded(bytes: Int)
  /// The last writer closed the pipe; nothing more will come. A FIFO opened for reading and
  /// writing, as systemd and `openFIFO` do, never ends.
  case endOfStream
}

/// Frames from a file descriptor: a FIFO, standard input, a socket, also a plain file.
///
/// Driven from one thread: wait until `fileDescriptor` is readable, call `readAvailable(now:)`;
/// at `deadline` call `expire(now:)`. Not reading is how its owner slows the writer down.
public struct StreamSource: ~Copyable {
  /// How much a stream may take.
  public struct Limits: Sendable {
    /// A frame with more bytes is refused.
    public var frameLength = 16 << 20
    /// One call of `readAvailable` reads no more bytes than this (and less than one portion of
    /// 64 KiB more), so that a fast writer leaves the event loop its turn.
    public var bytesPerCall = 512 << 10
    /// A frame whose next byte is longer in coming is given up.
    public var stallTimeout = Duration.seconds(5)

    public init() {}
  }

  /// What went through since the start.
  public struct Counters: Sendable, Hashable {
    public var bytesRead: UInt64 = 0
    public var frames: UInt64 = 0
    public var refused: UInt64 = 0
    public var bytesDiscarded: UInt64 = 0
  }

  /// The stream's name: the FIFO's path, or what the configuration calls it.
  public let name: String
  public let limits: Limits
  public private(set) var counters = Counters()
  /// Whether the end of the stream was reported.
  public private(set) var isAtEnd = false

  /// Whether an event loop can wait for the descriptor. A plain file is always readable, and
  /// epoll refuses it: call `readAvailable` until `isAtEnd`.
  public let canBeWaitedFor: Bool

  private let handle: FileHandle
  private let isNonBlocking: Bool
  private let nonce: UInt64
  private var splitter: JPEGStreamSplitter
  private var portion = [UInt8](repeating: 0, count: 64 << 10)
  private var lastByte = MonotonicTime(nanoseconds: 0)

  /// Takes an open descriptor over and closes it in the end.
  ///
  /// A descriptor without O_NONBLOCK is left so, because the flag would be seen by every process
  /// that shares it (a terminal, a shell's pipe); then one poll() goes before each read().
  /// - Parameter nonce: a number of this run, so that FRAME_IDs of two runs differ.
  public init(
    adopting descriptor: CInt, name: String, nonce: UInt64, limits: Limits = Limits()
  ) throws(FramesError) {
    // Delegated, because a throw before all is initialised crashes the 6.0.3 compiler.
    let facts = try Facts(descriptor, name)
    self.init(descriptor, facts, name: name, nonce: nonce, limits: limits)
  }

  private init(_ descriptor: CInt, _ facts: Facts, name: String, nonce: UInt64, limits: Limits) {
    handle = FileHandle(adopting: descriptor)
    isNonBlocking = facts.isNonBlocking
    canBeWaitedFor = facts.canBeWaitedFor
    self.name = name
    self.nonce = nonce
    self.limits = limits
    splitter = JPEGStreamSplitter(maximumFrameLength: limits.frameLength)
  }

  /// What a descriptor says about itself.
  private struct Facts {
    var isNonBlocking: Bool
    var canBeWaitedFor: Bool

    /// Closes the descriptor where it throws.
    init(_ descriptor: CInt, _ name: String) throws(FramesError) {
      do throws(Errno) {
        let flags = try SystemCall.retrying { fcntl(descriptor, F_GETFL) }.get()
        let status = try FileStatus(descriptor)
        isNonBlocking = flags & O_NONBLOCK != 0
        canBeWaitedFor = !status.isRegular && !status.isDirectory
      } catch {
        close(descriptor)
        throw error.during(.examine, name)
      }
    }
  }

  /// Opens the FIFO at `path`, for reading *and* writing: so it stays open while writers come and
  /// go, as the one that systemd opens.
  public init(
    openingFIFO path: String, nonce: UInt64, limits: Limits = Limits()
  ) throws(FramesError) {
    // Opening a device can have effects: look first, open then, and look at what was opened.
    let found = try naming(.open, path) { () throws(Errno) in try FileStatus(path: path) }
    try StreamSource.requireFIFO(found, path)
    let opened = try naming(.open, path) { () throws(Errno) in
      try FileHandle(path: path, flags: O_RDWR | O_NONBLOCK | O_NOCTTY)
    }
    let status = try naming(.open, path) { () throws(Errno) in try opened.status() }
    try StreamSource.requireFIFO(status, path)
    try self.init(adopting: opened.release(), name: path, nonce: nonce, limits: limits)
  }

  private static func requireFIFO(_ status: FileStatus, _ path: String) throws(FramesError) {
    guard status.isFIFO else { throw FramesError.notAFIFO(path: path, found: status.kind) }
  }

  public var fileDescriptor: CInt { handle.descriptor }

  /// Whether an image was begun and has not ended yet.
  public var isMidFrame: Bool { splitter.isMidFrame }

  /// When the image that was begun is given up; nil between images.
  public var deadline: MonotonicTime? {
    splitter.isMidFrame && !isAtEnd ? lastByte + limits.stallTimeout : nil
  }

  /// Reads what is there, up to `limits.bytesPerCall`, and returns what it brought, in order.
  ///
  /// Never waits. Cost: one copy of the bytes and one walk over them.
  /// - Throws: `FramesError.system` when the descriptor cannot be read.
  public mutating func readAvailable(now: MonotonicTime) throws(FramesError) -> [StreamEvent] {
    var events: [StreamEvent] = []
    var taken = 0
    while !isAtEnd, taken < limits.bytesPerCall, try isReadable() {
      switch readPortion() {
      case .success(0):
        report(splitter.finish(), now, &events)
        isAtEnd = true
        events.append(.endOfStream)
      case .success(let count):
        taken += count
        counters.bytesRead += UInt64(count)
        lastByte = now
        let found = portion.withUnsafeBytes {
          splitter.push(UnsafeRawBufferPointer(rebasing: $0.prefix(count)))
        }
        report(found, now, &events)
      case .failure(let error) where error.code == EAGAIN:
        return events
      case .failure(let error):
        throw error.during(.read, name)
      }
    }
    return events
  }

  /// Gives up the image that was begun if its `deadline` has passed.
  public mutating func expire(now: MonotonicTime) -> [StreamEvent] {
    guard let deadline, now >= deadline else { return [] }
    var events: [StreamEvent] = []
    let refusal = FrameRefusal(
      code: FrameRefusal.Code.stalled,
      detail:
        "no byte for \(limits.stallTimeout), \(splitter.pendingByteCount) bytes into the frame"
    )
    report(splitter.abandonPartial(refusal), now, &events)
    return events
  }

  private func isReadable() throws(FramesError) -> Bool {
    guard !isNonBlocking else { return true }
    var request = pollfd(fd: handle.descriptor, events: Int16(POLLIN), revents: 0)
    switch SystemCall.retrying({ poll(&request, 1, 0) }) {
    case .success(let ready): return ready > 0
    case .failure(let error): throw error.during(.read, name)
    }
  }

  private mutating func readPortion() -> Result<Int, Errno> {
    let descriptor = handle.descriptor
    return portion.withUnsafeMutableBytes { buffer in
      SystemCall.retryingCount { read(descriptor, buffer.baseAddress, buffer.count) }
    }
  }

  private mutating func report(
    _ found: [JPEGStreamSplitter.Event], _ now: MonotonicTime, _ events: inout [StreamEvent]
  ) {
    for event in found {
      switch event {
      case .frame(let bytes):
        let id = FrameIdentifier.stream(
          name: name, nonce: nonce, sequence: counters.frames, length: bytes.count)
        let origin = FrameOrigin.stream(name: name, sequence: counters.frames)
        counters.frames += 1
        events.append(
          .frame(EncodedFrame(id: id, origin: origin, arrival: now, bytes: bytes)))
      case .refused(let refusal, let bytes):
        counters.refused += 1
        events.append(.refused(refusal, bytes: bytes))
      case .discarded(let bytes):
        counters.bytesDiscarded += UInt64(bytes)
        events.append(.discarded(bytes: bytes))
      }
    }
  }
}
