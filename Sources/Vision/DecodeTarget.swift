public import Model

/// What the decoded pixels are for, which says how small they may be decoded.
public enum DecodeTarget: Sendable, Hashable {
  /// Every pixel of the file.
  case fullSize
  /// An input of `width` x `height`, made from the part of the picture that `crop` takes.
  case input(crop: Preprocessing.Crop, width: Int, height: Int)
}

extension DecodeTarget {
  /// The eighths of full size at which a picture of `width` x `height` (upright) is decoded: the
  /// smallest at which the crop still has a decoded pixel for each of the input's.
  ///
  /// libjpeg can scale by any number of eighths, but libjpeg-turbo has SIMD only for 1/4 (2/8),
  /// 4/8 and 8/8, and 1/8 takes no transform at all. Decoding 200 photographs, most of 500 x 375
  /// (libjpeg-turbo 2.1.5, one core, best of 5, median over the files):
  ///
  ///     input      any eighths    1, 2, 4 or 8    full size
  ///     224 x 224      1.24 ms         0.94 ms      0.93 ms
  ///     128 x 128      0.83 ms         0.84 ms      0.94 ms
  ///
  /// The larger decode also leaves more of the work to the better filter.
  package func eighths(width: Int, height: Int) -> Int {
    guard case .input(let crop, let inputWidth, let inputHeight) = self else { return 8 }
    let box = CropBox(crop, width: width, height: height)
    for eighths in [1, 2, 4]
    where box.width * eighths >= inputWidth * 8 && box.height * eighths >= inputHeight * 8 {
      return eighths
    }
    return 8
  }
}

/// The part of an upright full-size picture that is looked at, in its pixels.
package struct CropBox: Sendable, Hashable {
  package let left: Int
  package let top: Int
  package let width: Int
  package let height: Int

  package init(_ crop: Preprocessing.Crop, width: Int, height: Int) {
    switch crop {
    case .whole:
      (left, top, self.width, self.height) = (0, 0, width, height)
    case .centralSquare(let numerator, let denominator):
      precondition(crop.isValid, "a crop takes a part of the picture, 0 < numerator <= denominator")
      let side = max(1, min(width, height) * numerator / denominator)
      (left, top, self.width, self.height) = ((width - side) / 2, (height - side) / 2, side, side)
    }
  }
}

extension Preprocessing.Crop {
  /// Whether it takes at least something, at most everything, and its arithmetic cannot overflow.
  var isValid: Bool {
    switch self {
    case .whole: true
    case .centralSquare(let numerator, let denominator):
      numerator > 0 && numerator <= denominator && denominator <= 1 << 30
    }
  }
}
