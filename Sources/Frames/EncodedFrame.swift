import Tensors

/// One compressed picture as it came in: the value that crosses from the sources to the pipeline.
public struct EncodedFrame: Sendable {
  /// FRAME_ID: 32 lower-case hexadecimal digits. The same picture delivered twice, for example
  /// after a crash, has the same one, so that duplicates can be recognised.
  public let id: String
  public let origin: FrameOrigin
  /// When the frame was whole: the rename or close was seen, or its last byte was read.
  public let arrival: MonotonicTime
  /// The file's bytes, or from SOI to EOI. Read once; nobody else holds them.
  public let bytes: [UInt8]

  public init(id: String, origin: FrameOrigin, arrival: MonotonicTime, bytes: [UInt8]) {
    self.id = id
    self.origin = origin
    self.arrival = arrival
    self.bytes = bytes
  }
}

/// Where a frame came from.
public enum FrameOrigin: Sendable, Hashable {
  /// A file of the watch folder `directory`.
  case file(FileName, directory: String)
  /// The frame with this number, from 0, of a pipe.
  case stream(name: String, sequence: UInt64)
}

/// What makes a file the same file for us: it was not rewritten or replaced while this is equal.
struct FileIdentity: Hashable, Sendable {
  var device: UInt64
  var inode: UInt64
  var modifiedNanoseconds: Int64
  var size: Int64
}

/// How FRAME_IDs are made: the first 16 bytes of SHA-256 over what identifies the frame.
enum FrameIdentifier {
  /// The identity of a file: it survives our renames, a crash and a restart.
  static func file(_ name: FileName, _ identity: FileIdentity) -> String {
    var hasher = SHA256()
    add(name.bytes, to: &hasher)
    add(identity.device, to: &hasher)
    add(identity.inode, to: &hasher)
    add(UInt64(bitPattern: identity.modifiedNanoseconds), to: &hasher)
    add(UInt64(bitPattern: identity.size), to: &hasher)
    return hexadecimal(hasher.finish().prefix(16))
  }

  /// The identity of a pipe's frame; `nonce` tells this run's frames from another run's.
  static func stream(name: String, nonce: UInt64, sequence: UInt64, length: Int) -> String {
    var hasher = SHA256()
    add(Array(name.utf8), to: &hasher)
    add(nonce, to: &hasher)
    add(sequence, to: &hasher)
    add(UInt64(length), to: &hasher)
    return hexadecimal(hasher.finish().prefix(16))
  }

  /// Whether `text` has the form of a FRAME_ID.
  static func isWellFormed(_ text: some Collection<UInt8>) -> Bool {
    text.count == 32
      && text.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }

  /// The length goes first, so that no two lists of fields give one message.
  private static func add(_ bytes: [UInt8], to hasher: inout SHA256) {
    add(UInt64(bytes.count), to: &hasher)
    bytes.withUnsafeBytes { hasher.update($0) }
  }

  private static func add(_ value: UInt64, to hasher: inout SHA256) {
    withUnsafeBytes(of: value.littleEndian) { hasher.update($0) }
  }
}
