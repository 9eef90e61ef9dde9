import CJPEG

/// Turns JPEG bytes into RGB pixels, and anything that is not wholly a JPEG into an error.
///
/// A handle on libjpeg, for use by one thread at a time. The pixels come as stored, and possibly
/// smaller than the picture: ``Preprocessor`` turns, crops and resizes them.
public struct JPEGDecoder: ~Copyable {
  public let limits: DecodeLimits
  private let handle: OpaquePointer

  /// Throws ``VisionError/noMemory``.
  public init(limits: DecodeLimits = DecodeLimits()) throws(VisionError) {
    guard let handle = vd_jpeg_create() else { throw .noMemory }
    self.limits = limits
    self.handle = handle
  }

  deinit { vd_jpeg_destroy(handle) }

  /// Decodes `bytes`, one JPEG and possibly some bytes after its end, into `pixels`.
  ///
  /// After an error `pixels` holds no picture (it is empty), and the decoder is ready for the next
  /// one. Grows `pixels` if it must; otherwise only libjpeg allocates, and frees again. Takes about
  /// 1 ms for 500 x 375 pixels.
  public mutating func decode(
    _ bytes: UnsafeRawBufferPointer, for target: DecodeTarget, into pixels: inout PixelBuffer
  ) throws(VisionError) -> DecodeInfo {
    pixels.reshape(width: 0, height: 0)
    let header = try open(bytes)
    let orientation = Orientation(rawValue: Int(header.orientation)) ?? .upright
    let stored = (width: Int(header.width), height: Int(header.height))
    let width = orientation.swapsAxes ? stored.height : stored.width
    let height = orientation.swapsAxes ? stored.width : stored.height
    let eighths = UInt32(target.eighths(width: width, height: height))
    let info = DecodeInfo(
      width: width, height: height,
      decodedWidth: Int(vd_jpeg_scaled(header.width, eighths)),
      decodedHeight: Int(vd_jpeg_scaled(header.height, eighths)),
      scaleEighths: Int(eighths), orientation: orientation,
      components: Int(header.components), isProgressive: header.progressive != 0)
    try read(info, into: &pixels)
    return info
  }

  private func open(_ bytes: UnsafeRawBufferPointer) throws(VisionError) -> vd_jpeg_info {
    var limits = limits.forC
    var header = vd_jpeg_info()
    let status = vd_jpeg_begin(
      handle, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, bytes.count, &limits, &header)
    if let error = error(status, for: bytes) { throw error }
    return header
  }

  private func read(_ info: DecodeInfo, into pixels: inout PixelBuffer) throws(VisionError) {
    let byteCount = info.decodedWidth * info.decodedHeight * 3
    guard byteCount <= limits.maximumDecodedBytes else {
      vd_jpeg_end(handle)
      throw .tooLarge(
        reason: "\(info.width) x \(info.height) pixels take \(byteCount) bytes decoded at "
          + "\(info.scaleEighths)/8 of that size; at most \(limits.maximumDecodedBytes) are allowed"
      )
    }
    pixels.reshape(width: info.decodedWidth, height: info.decodedHeight)
    let status = pixels.withUnsafeMutableBytes { buffer in
      guard let base = buffer.assumingMemoryBound(to: UInt8.self).baseAddress else {
        return VD_JPEG_NO_MEMORY
      }
      return vd_jpeg_read(handle, UInt32(info.scaleEighths), base, buffer.count)
    }
    if let error = error(status, for: nil) {
      pixels.reshape(width: 0, height: 0)
      throw error
    }
  }

  private func error(_ status: vd_jpeg_status, for bytes: UnsafeRawBufferPointer?) -> VisionError? {
    if status == VD_JPEG_OK { return nil }
    let reason = String(cString: vd_jpeg_message(handle))
    let offset = vd_jpeg_offset(handle)
    switch status {
    case VD_JPEG_EMPTY: return .empty
    case VD_JPEG_NOT_JPEG: return .notJPEG(found: bytes.flatMap(FileSignature.name))
    case VD_JPEG_TOO_LARGE: return .tooLarge(reason: reason)
    case VD_JPEG_TOO_MANY_SCANS: return .tooManyScans(reason: reason)
    case VD_JPEG_TRUNCATED: return .truncated(offset: offset, reason: reason)
    case VD_JPEG_UNSUPPORTED: return .unsupported(reason: reason)
    case VD_JPEG_TIMEOUT: return .timeout(offset: offset, reason: reason)
    case VD_JPEG_NO_MEMORY: return .noMemory
    default: return .corrupt(offset: offset, reason: reason)
    }
  }
}
