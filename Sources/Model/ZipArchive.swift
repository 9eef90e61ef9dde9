/// A ZIP archive at the end of other data, as the TFLite Metadata puts label files behind a model.
///
/// Read by the central directory; one disk, no ZIP64, no encryption; stored or deflated entries.
/// The format: APPNOTE.TXT of PKWARE, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
struct ZipArchive {
  private let bytes: UnsafeRawBufferPointer
  private let directory: Range<Int>
  /// Where offsets count from: writers that append to a file count from its start or from the
  /// archive's.
  private let base: Int
  private let entryCount: Int

  /// Finds the archive by the end record, which stands at the very end but for a comment.
  init(_ bytes: UnsafeRawBufferPointer) throws(ZipFailure) {
    let recordSize = 22
    let maximumComment = 0xFFFF
    self.bytes = bytes
    var end = bytes.count - recordSize
    let lowest = max(0, end - maximumComment)
    while end >= lowest {
      if u32(bytes, end) == 0x0605_4b50, u16(bytes, end + 20) == bytes.count - end - recordSize {
        break
      }
      end -= 1
    }
    guard end >= lowest, let count = u16(bytes, end + 10), let size = u32(bytes, end + 12),
      let offset = u32(bytes, end + 16)
    else { throw ZipFailure(why: "there is no archive at the end of the file") }
    guard u16(bytes, end + 4) == 0, u16(bytes, end + 6) == 0, u16(bytes, end + 8) == count,
      count != 0xFFFF, size != 0xFFFF_FFFF, offset != 0xFFFF_FFFF
    else { throw ZipFailure(why: "its archive is ZIP64 or of several parts") }
    guard size <= end, offset <= end - size else {
      throw ZipFailure(why: "its archive's directory is out of bounds")
    }
    directory = (end - size)..<end
    base = end - size - offset
    entryCount = count
  }

  /// The contents of the entry `name`, at most `limit` bytes of them, checked against its CRC.
  func contents(of name: String, limit: Int) throws(ZipFailure) -> [UInt8] {
    let wanted = Array(name.utf8)
    var position = directory.lowerBound
    for _ in 0..<entryCount {
      guard position + 46 <= directory.upperBound, u32(bytes, position) == 0x0201_4b50,
        let nameSize = u16(bytes, position + 28), let extraSize = u16(bytes, position + 30),
        let commentSize = u16(bytes, position + 32)
      else { throw ZipFailure(why: "its archive's directory is damaged") }
      let nameStart = position + 46
      let next = nameStart + nameSize + extraSize + commentSize
      guard next <= directory.upperBound else {
        throw ZipFailure(why: "its archive's directory is damaged")
      }
      if bytes[nameStart..<nameStart + nameSize].elementsEqual(wanted) {
        return try contents(at: position, limit: limit)
      }
      position = next
    }
    throw ZipFailure(why: "the archive at the end of the file does not hold it")
  }

  /// The contents of the entry whose directory record, 46 bytes, stands at `position`.
  private func contents(at position: Int, limit: Int) throws(ZipFailure) -> [UInt8] {
    guard let flags = u16(bytes, position + 8), let method = u16(bytes, position + 10),
      let checksum = u32(bytes, position + 16), let packedSize = u32(bytes, position + 20),
      let size = u32(bytes, position + 24), let offset = u32(bytes, position + 42)
    else { throw ZipFailure(why: "its archive's directory is damaged") }
    guard flags & 1 == 0 else { throw ZipFailure(why: "it is encrypted") }
    guard size <= limit else {
      throw ZipFailure(why: "\(size) bytes are more than \(limit)")
    }
    let header = base + offset
    guard header <= directory.lowerBound, u32(bytes, header) == 0x0403_4b50,
      let nameSize = u16(bytes, header + 26), let extraSize = u16(bytes, header + 28)
    else { throw ZipFailure(why: "its header in the archive is out of bounds") }
    let start = header + 30 + nameSize + extraSize
    guard start <= directory.lowerBound, packedSize <= directory.lowerBound - start else {
      throw ZipFailure(why: "its contents in the archive are out of bounds")
    }
    let packed = UnsafeRawBufferPointer(rebasing: bytes[start..<start + packedSize])
    let contents: [UInt8]
    switch method {
    case 0: contents = Array(packed)
    case 8:
      guard let inflated = inflate(packed, size: size) else {
        throw ZipFailure(why: "its compressed contents are damaged")
      }
      contents = inflated
    default: throw ZipFailure(why: "compression method \(method); stored (0) and deflate (8) are")
    }
    guard contents.count == size, Int(crc32(contents)) == checksum else {
      throw ZipFailure(why: "its size or checksum is wrong")
    }
    return contents
  }
}

/// What is wrong with an archive, as the end of a sentence about one of its files.
struct ZipFailure: Error {
  let why: String
}

/// The little-endian number at `offset`; nil if it is not wholly inside.
private func u16(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int? {
  guard offset >= 0, offset <= bytes.count - 2 else { return nil }
  return Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
}

private func u32(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int? {
  guard offset >= 0, offset <= bytes.count - 4 else { return nil }
  return Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
}

/// The checksum of ZIP: the polynomial 0x04C11DB7 with bits reversed, as in Ethernet.
func crc32(_ bytes: [UInt8]) -> UInt32 {
  var crc = UInt32.max
  for byte in bytes {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 != 0 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
  }
  return ~crc
}

/// An archive of stored files, to append to `precedingSize` bytes of a model.
public func storedZipArchive(
  _ files: [(name: String, contents: [UInt8])], precedingSize: Int
) -> [UInt8] {
  func little(_ value: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
  var out: [UInt8] = []
  var directory: [UInt8] = []
  for (name, contents) in files {
    let nameBytes = Array(name.utf8)
    // Version 2.0, the name in UTF-8 (bit 11), stored, no time (1980-01-01), CRC, both sizes, name.
    let common =
      little(20, 2) + little(1 << 11, 2) + little(0, 2) + little(0, 2) + little(0x21, 2)
      + little(Int(crc32(contents)), 4) + little(contents.count, 4) + little(contents.count, 4)
      + little(nameBytes.count, 2)
    directory += little(0x0201_4b50, 4) + little(20, 2) + common
    // No extra field, no comment, first disk, no attributes.
    directory += [UInt8](repeating: 0, count: 12) + little(precedingSize + out.count, 4)
    directory += nameBytes
    out += little(0x0403_4b50, 4) + common + little(0, 2) + nameBytes + contents
  }
  let start = precedingSize + out.count
  out += directory
  out += little(0x0605_4b50, 4) + little(0, 4) + little(files.count, 2) + little(files.count, 2)
  out += little(directory.count, 4) + little(start, 4) + little(0, 2)
  return out
}
