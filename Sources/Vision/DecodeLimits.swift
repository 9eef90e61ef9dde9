import CJPEG

/// What one JPEG may cost. Every limit is inclusive and is checked before the cost arises.
///
/// libjpeg has no limits of its own that hold: a file of 258 bytes can ask for 2.4 GB, one of 38 kB
/// can take a minute (https://github.com/libjpeg-turbo/libjpeg-turbo/issues/249 and 284).
public struct DecodeLimits: Sendable, Hashable {
  /// Of the file. A frame of the largest size below rarely has more than 30 MB.
  public var maximumByteCount = 64 << 20
  /// Of the full-size picture.
  public var maximumWidth = 16384
  /// Of the full-size picture.
  public var maximumHeight = 16384
  /// Of the full-size picture: 64 megapixels is above any phone's or surveillance camera's.
  public var maximumPixelCount = 64 << 20
  /// What a progressive picture keeps before its first row is out, 2 bytes a coefficient: enough
  /// for 44 megapixels of 4:2:0.
  public var maximumCoefficientBytes = 128 << 20
  /// Of the decoded RGB pixels, after scaling. Only pictures much longer than wide get near.
  public var maximumDecodedBytes = 64 << 20
  /// Encoders write 10 or so; libjpeg-turbo's own fuzzers stop at 100.
  public var maximumScans = 100
  /// From the first byte to the last pixel.
  public var timeLimit: Duration = .seconds(5)

  public init() {}
}

extension DecodeLimits {
  var forC: vd_jpeg_limits {
    vd_jpeg_limits(
      bytes: UInt64(clamping: maximumByteCount),
      width: UInt32(clamping: maximumWidth),
      height: UInt32(clamping: maximumHeight),
      pixels: UInt64(clamping: maximumPixelCount),
      coefficient_bytes: UInt64(clamping: maximumCoefficientBytes),
      scans: UInt32(clamping: maximumScans),
      nanoseconds: timeLimit.nanoseconds)
  }
}

extension Duration {
  /// 0 if negative, the largest there is if that is too small.
  fileprivate var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return .max }
    let (sum, carry) = whole.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
    return carry ? .max : sum
  }
}
