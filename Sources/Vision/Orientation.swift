/// How a picture, as stored, must be turned and mirrored to stand upright: EXIF's tag 0x0112, with
/// its numbers (CIPA DC-008, 4.6.4).
public enum Orientation: Int, Sendable, Hashable, CaseIterable {
  case upright = 1
  case mirrored = 2
  case turned180 = 3
  case mirroredTurned180 = 4
  case transposed = 5
  case turned90 = 6
  case transversed = 7
  case turned270 = 8

  /// Whether the rows of the stored picture are the columns of the upright one.
  public var swapsAxes: Bool { rawValue >= 5 }

  /// Whether what runs along the upright picture's x axis runs the other way in the stored one.
  public var flipsX: Bool {
    switch self {
    case .mirrored, .turned180, .turned90, .transversed: true
    case .upright, .mirroredTurned180, .transposed, .turned270: false
    }
  }

  /// Whether what runs along the upright picture's y axis runs the other way in the stored one.
  public var flipsY: Bool {
    switch self {
    case .turned180, .mirroredTurned180, .transversed, .turned270: true
    case .upright, .mirrored, .transposed, .turned90: false
    }
  }
}
