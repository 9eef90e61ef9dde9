import CJPEG
public import Model
public import Tensors

/// Makes a network's input out of decoded pixels: turns them upright, crops, resizes and
/// normalises, in integers.
///
/// One resampling only, straight from the decoded pixels to the input. While frames keep their size
/// it allocates nothing; a new size costs new weights, about 0.05 ms.
public struct Preprocessor: ~Copyable {
  /// `[1, height, width, channels]`.
  public let shape: Shape
  public let elementType: ElementType

  private let preprocessing: Preprocessing
  private let width: Int
  private let height: Int
  private let channels: Int
  private let map: PixelMap

  private var columns: ResampleAxis
  private var rows: ResampleAxis
  private var scratch: [Int16]
  private var resized: [UInt8]

  /// The largest extent of an input; far above any network's, and its arithmetic cannot overflow.
  public static let maximumExtent = 8192

  /// Throws ``VisionError/unsuitableInput(tensor:reason:)`` unless `input` is `[1, H, W, 3]` or
  /// `[1, H, W, 1]` of int8, uint8 or float32, quantised by one scale where it is an integer.
  public init(_ preprocessing: Preprocessing, input: TensorInfo) throws(VisionError) {
    guard let image = input.shape.image, image.channels == 3 || image.channels == 1,
      image.width <= Preprocessor.maximumExtent, image.height <= Preprocessor.maximumExtent
    else {
      throw .unsuitableInput(
        tensor: input.name,
        reason: "its shape is \(input.shape); [1, H, W, 3] or [1, H, W, 1] with H and W up to "
          + "\(Preprocessor.maximumExtent) is needed")
    }
    guard preprocessing.crop.isValid else {
      throw .unsuitableInput(
        tensor: input.name, reason: "the crop \(preprocessing.crop) is not a part of the picture")
    }
    let map = try PixelMap(preprocessing, input: input, channels: image.channels)

    // Nothing is stored before the last thing that throws: Swift 6.0.3 crashes on what it would
    // have to destroy.
    self.map = map
    shape = input.shape
    elementType = input.elementType
    self.preprocessing = preprocessing
    width = image.width
    height = image.height
    channels = image.channels
    columns = ResampleAxis()
    rows = ResampleAxis()
    scratch = []
    resized = [UInt8](repeating: 0, count: image.width * image.height * 3)
  }

  /// What a decoder needs to know to decode no more than this needs.
  public var target: DecodeTarget {
    .input(crop: preprocessing.crop, width: width, height: height)
  }

  /// Fills `tensor`, of our shape and element type, from `pixels`, which `info` describes.
  ///
  /// Cannot fail: the sizes were checked when the pixels were decoded. Takes about 0.5 ms for an
  /// input of 224 x 224.
  public mutating func run(
    _ pixels: borrowing PixelBuffer, _ info: DecodeInfo, into tensor: inout Tensor
  ) {
    precondition(
      tensor.shape == shape && tensor.elementType == elementType,
      "the tensor is not the network's input")
    precondition(
      info.decodedWidth == pixels.width && info.decodedHeight == pixels.height
        && pixels.byteCount > 0, "the pixels are not those that the info describes")
    prepare(info)
    Self.resize(pixels, columns: columns, rows: rows, scratch: &scratch, into: &resized)
    place(info.orientation, into: &tensor)
  }

  /// The weights for pictures like this one. The stored picture's axes may be the upright one's
  /// swapped, and run backwards.
  private mutating func prepare(_ info: DecodeInfo) {
    let box = CropBox(preprocessing.crop, width: info.width, height: info.height)
    let orientation = info.orientation
    let upright = (
      x: (
        start: orientation.flipsX ? info.width - box.left - box.width : box.left,
        length: box.width, outputCount: width
      ),
      y: (
        start: orientation.flipsY ? info.height - box.top - box.height : box.top,
        length: box.height, outputCount: height
      )
    )
    let (x, y) = orientation.swapsAxes ? (upright.y, upright.x) : (upright.x, upright.y)
    columns.prepare(
      ResampleAxis.Geometry(
        decodedCount: info.decodedWidth, eighths: info.scaleEighths, start: x.start,
        length: x.length, outputCount: x.outputCount, filter: preprocessing.filter))
    rows.prepare(
      ResampleAxis.Geometry(
        decodedCount: info.decodedHeight, eighths: info.scaleEighths, start: y.start,
        length: y.length, outputCount: y.outputCount, filter: preprocessing.filter))
  }

  private static func resize(
    _ pixels: borrowing PixelBuffer, columns: borrowing ResampleAxis, rows: borrowing ResampleAxis,
    scratch: inout [Int16], into resized: inout [UInt8]
  ) {
    let stride = pixels.width * 3
    pixels.withUnsafeBytes { source in
      guard let source = source.assumingMemoryBound(to: UInt8.self).baseAddress else { return }
      _ = columns.withAxis { columns in
        withUnsafePointer(to: columns) { columns in
          let needed = vd_resize_scratch(columns)
          if scratch.count < needed { scratch = [Int16](repeating: 0, count: needed) }
          _ = rows.withAxis { rows in
            withUnsafePointer(to: rows) { rows in
              vd_resize_rgb8(source, stride, columns, rows, &scratch, &resized)
            }
          }
        }
      }
    }
  }

  private func place(_ orientation: Orientation, into tensor: inout Tensor) {
    let stepX = orientation.flipsX ? -1 : 1
    let stepY = orientation.flipsY ? -width : width
    let origin =
      (orientation.flipsX ? width - 1 : 0) + (orientation.flipsY ? (height - 1) * width : 0)
    var placement = vd_placement(
      width: Int32(orientation.swapsAxes ? height : width),
      height: Int32(orientation.swapsAxes ? width : height),
      origin: origin,
      step_x: orientation.swapsAxes ? stepY : stepX,
      step_y: orientation.swapsAxes ? stepX : stepY)
    let channels = Int32(channels)
    tensor.withUnsafeMutableBytes { output in
      guard let output = output.baseAddress else { return }
      switch map {
      case .bytes(_, exclusiveOr: let mask?) where orientation == .upright:
        vd_map_xor(resized, resized.count, mask, output.assumingMemoryBound(to: UInt8.self))
      case .bytes(let tables, _):
        vd_map_u8(
          resized, &placement, channels, tables, output.assumingMemoryBound(to: UInt8.self))
      case .floats(let tables):
        vd_map_f32(
          resized, &placement, channels, tables, output.assumingMemoryBound(to: Float.self))
      }
    }
  }
}
