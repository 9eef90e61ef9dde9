import CKernels
import Tensors

/// The epilogue of a convolution as integers, one entry for each output channel: what `vd_requant`
/// points at, before it has an address. Formulas: `vd_fixed_point.h`.
package struct ChannelRequantization: Sendable {
  package var bias: [Int32]
  package var shift: [Int32]
  package var multiplier: [Int16]
  package var finalShift: Int32
  package var zeroPoint: Int32
  package var low: Int32
  package var high: Int32

  /// What the convolution is, in numbers.
  package struct Source {
    /// input scale * weight scale / output scale, one for each output channel.
    package var factors: [Double]
    /// The file's bias, one for each output channel.
    package var bias: [Int32]
    /// Sum of each output channel's weights.
    package var weightSums: [Int]
    /// Sum of the absolute values of each output channel's weights.
    package var weightMagnitudes: [Int]
    package var inputZeroPoint: Int32
    package var outputZeroPoint: Int32
    package var low: Int32
    package var high: Int32

    package init(
      factors: [Double], bias: [Int32], weightSums: [Int], weightMagnitudes: [Int],
      inputZeroPoint: Int32, outputZeroPoint: Int32, low: Int32, high: Int32
    ) {
      self.factors = factors
      self.bias = bias
      self.weightSums = weightSums
      self.weightMagnitudes = weightMagnitudes
      self.inputZeroPoint = inputZeroPoint
      self.outputZeroPoint = outputZeroPoint
      self.low = low
      self.high = high
    }
  }

  /// The fraction bits that the last step removes in almost every layer: the most that an int16
  /// has room for. Each bit less doubles the share of outputs that differ from exact arithmetic.
  package static let usualFinalShift = 6

  /// - Throws: ``Unusable`` if the numbers do not fit the arithmetic.
  package init(_ source: Source) throws(Unusable) {
    var reason = Unusable("it has no channel")
    for finalShift in stride(from: ChannelRequantization.usualFinalShift, through: 0, by: -1) {
      do throws(Unusable) {
        try self.init(source, finalShift: finalShift)
        return
      } catch {
        reason = error
      }
    }
    throw reason
  }

  private init(_ source: Source, finalShift: Int) throws(Unusable) {
    let padding = Int(VD_CHANNEL_PADDING)
    let padded = (source.factors.count + padding - 1) / padding * padding
    bias = .init(repeating: 0, count: padded)
    shift = .init(repeating: 0, count: padded)
    multiplier = .init(repeating: 0, count: padded)
    self.finalShift = Int32(finalShift)
    zeroPoint = source.outputZeroPoint
    low = source.low
    high = source.high
    for channel in source.factors.indices {
      guard
        let factor = FixedPointMultiplier.narrow(source.factors[channel], finalShift: finalShift)
      else { throw Unusable("channel \(channel): scale ratio \(source.factors[channel])") }
      let folded =
        Int(source.bias[channel]) - Int(source.inputZeroPoint) * source.weightSums[channel]
      // |activation| <= 128; the products alone must stay in int32, with the bias the sum may wrap
      // around, but not where it is then shifted to the left.
      let products = 128 * source.weightMagnitudes[channel]
      let reach = abs(folded) + products
      guard products <= Int(Int32.max), factor.shift >= 0 || reach < 1 << (31 + Int(factor.shift))
      else { throw Unusable("channel \(channel): its sums can leave 32 bits") }
      let rounding = factor.shift > 0 ? 1 << (Int(factor.shift) - 1) : 0
      let isRounded = reach + rounding <= Int(Int32.max)
      bias[channel] = Int32(truncatingIfNeeded: isRounded ? folded + rounding : folded)
      shift[channel] = factor.shift
      multiplier[channel] = Int16(factor.multiplier)
    }
  }

  /// Why numbers do not fit, for an ``InferenceError``.
  package struct Unusable: Error {
    package let reason: String
    init(_ reason: String) { self.reason = reason }
  }
}
