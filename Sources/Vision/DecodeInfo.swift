/// What is known about a decoded picture besides its pixels.
public struct DecodeInfo: Sendable, Hashable {
  /// Of the full-size picture, upright.
  public let width: Int
  /// Of the full-size picture, upright.
  public let height: Int
  /// Of the decoded pixels, as stored: the orientation is not yet applied to them.
  public let decodedWidth: Int
  /// Of the decoded pixels, as stored: the orientation is not yet applied to them.
  public let decodedHeight: Int
  /// The picture was decoded at `scaleEighths` / 8 of its full size.
  public let scaleEighths: Int
  public let orientation: Orientation
  /// In the file: 1 grayscale, 3 colour, 4 CMYK or YCCK. The pixels are RGB always.
  public let components: Int
  public let isProgressive: Bool

  package init(
    width: Int, height: Int, decodedWidth: Int, decodedHeight: Int, scaleEighths: Int,
    orientation: Orientation, components: Int, isProgressive: Bool
  ) {
    self.width = width
    self.height = height
    self.decodedWidth = decodedWidth
    self.decodedHeight = decodedHeight
    self.scaleEighths = scaleEighths
    self.orientation = orientation
    self.components = components
    self.isProgressive = isProgressive
  }
}
