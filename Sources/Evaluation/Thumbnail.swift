import CJPEG
import Model
public import Vision

/// A small JPEG of a frame, for a report.
public struct Thumbnail: Sendable, Hashable {
  public var width: Int
  public var height: Int
  /// A baseline JPEG file.
  public var jpeg: [UInt8]

  public init(width: Int, height: Int, jpeg: [UInt8]) {
    self.width = width
    self.height = height
    self.jpeg = jpeg
  }
}

/// Makes thumbnails of JPEG frames: the whole picture, upright, each pixel the mean of those that
/// it covers.
///
/// A handle on a decoder, for use by one thread at a time. Takes about as long as a 1/2 or 1/4
/// scale decode, a millisecond or so for a photograph.
public struct ThumbnailMaker: ~Copyable {
  /// Of the longer side, in pixels; a smaller picture keeps its size.
  public let side: Int
  /// libjpeg's scale of 1 to 100.
  public let quality: Int
  private var decoder: JPEGDecoder
  private var pixels = PixelBuffer()

  /// Throws ``VisionError/noMemory``.
  public init(side: Int = 112, quality: Int = 75) throws(VisionError) {
    precondition((1...1024).contains(side), "a thumbnail has 1 to 1024 pixels a side")
    precondition((1...100).contains(quality), "libjpeg's qualities go from 1 to 100")
    self.side = side
    self.quality = quality
    decoder = try JPEGDecoder()
  }

  /// The thumbnail of a JPEG file's bytes; nil where they are none, so that a report shows an empty
  /// frame in its place.
  public mutating func thumbnail(of bytes: UnsafeRawBufferPointer) -> Thumbnail? {
    picture(of: bytes).flatMap { encode($0) }
  }

  /// The pixels of the thumbnail, before they are a JPEG.
  package mutating func picture(of bytes: UnsafeRawBufferPointer) -> SmallPicture? {
    // At least `side` pixels each way, so that the mean has something to choose from.
    let target = DecodeTarget.input(crop: .whole, width: side, height: side)
    guard let info = try? decoder.decode(bytes, for: target, into: &pixels) else { return nil }
    let longer = max(info.decodedWidth, info.decodedHeight)
    let kept = min(side, longer)
    let small = pixels.withUnsafeBytes {
      reduce(
        $0, width: info.decodedWidth, height: info.decodedHeight,
        toWidth: max(1, info.decodedWidth * kept / longer),
        toHeight: max(1, info.decodedHeight * kept / longer))
    }
    return upright(small, info.orientation)
  }

  private func encode(_ picture: SmallPicture) -> Thumbnail? {
    var file = [UInt8](repeating: 0, count: picture.rgb.count * 2 + 4096)
    var count = 0
    let status = picture.rgb.withUnsafeBufferPointer { pixels in
      file.withUnsafeMutableBufferPointer { out in
        guard let from = pixels.baseAddress, let to = out.baseAddress else {
          return VD_JPEG_EMPTY
        }
        return vd_jpeg_encode(
          from, UInt32(picture.width), UInt32(picture.height), UInt32(quality), to, out.count,
          &count)
      }
    }
    guard status == VD_JPEG_OK else { return nil }
    return Thumbnail(
      width: picture.width, height: picture.height, jpeg: Array(file.prefix(count)))
  }
}

/// Rows of RGB pixels without padding, few enough to be an array.
package struct SmallPicture: Sendable, Hashable {
  package var width: Int
  package var height: Int
  package var rgb: [UInt8]
}

/// Each pixel is the mean of the box of pixels under it, rounded to nearest.
private func reduce(
  _ pixels: UnsafeRawBufferPointer, width: Int, height: Int, toWidth: Int, toHeight: Int
) -> SmallPicture {
  var rgb = [UInt8](repeating: 0, count: toWidth * toHeight * 3)
  for y in 0..<toHeight {
    let rows = y * height / toHeight..<max(y * height / toHeight + 1, (y + 1) * height / toHeight)
    for x in 0..<toWidth {
      let left = x * width / toWidth
      let columns = left..<max(left + 1, (x + 1) * width / toWidth)
      var sums = (0, 0, 0)
      for row in rows {
        for column in columns {
          let first = (row * width + column) * 3
          sums.0 += Int(pixels[first])
          sums.1 += Int(pixels[first + 1])
          sums.2 += Int(pixels[first + 2])
        }
      }
      let count = rows.count * columns.count
      let to = (y * toWidth + x) * 3
      rgb[to] = UInt8((sums.0 + count / 2) / count)
      rgb[to + 1] = UInt8((sums.1 + count / 2) / count)
      rgb[to + 2] = UInt8((sums.2 + count / 2) / count)
    }
  }
  return SmallPicture(width: toWidth, height: toHeight, rgb: rgb)
}

/// The picture as EXIF says that it stands.
private func upright(_ stored: SmallPicture, _ orientation: Orientation) -> SmallPicture {
  if orientation == .upright { return stored }
  let width = orientation.swapsAxes ? stored.height : stored.width
  let height = orientation.swapsAxes ? stored.width : stored.height
  var rgb: [UInt8] = []
  rgb.reserveCapacity(stored.rgb.count)
  for y in 0..<height {
    for x in 0..<width {
      let along = orientation.flipsX ? width - 1 - x : x
      let down = orientation.flipsY ? height - 1 - y : y
      let from =
        orientation.swapsAxes ? along * stored.width + down : down * stored.width + along
      rgb += stored.rgb[from * 3..<from * 3 + 3]
    }
  }
  return SmallPicture(width: width, height: height, rgb: rgb)
}
