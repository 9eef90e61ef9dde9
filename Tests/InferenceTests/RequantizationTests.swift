import CKernels
import Inference
import Tensors
import Testing

/// The epilogue that load works out, against exact arithmetic. Factors have 24 significant bits and
/// sums less than 29, so their product in double is exact.
@Suite("Requantisation worked out at load")
struct RequantizationTests {
  /// One channel of a layer.
  struct Channel {
    var factor: Double
    var bias: Int32 = 0
    var inputZeroPoint: Int32 = 0
    var weightSum = 0
    var weightMagnitude = 1000
    var outputZeroPoint: Int32 = 0
  }

  private func source(_ channels: [Channel]) -> ChannelRequantization.Source {
    ChannelRequantization.Source(
      factors: channels.map(\.factor), bias: channels.map(\.bias),
      weightSums: channels.map(\.weightSum), weightMagnitudes: channels.map(\.weightMagnitude),
      inputZeroPoint: channels[0].inputZeroPoint, outputZeroPoint: channels[0].outputZeroPoint,
      low: -128, high: 127)
  }

  private func requantize(
    _ epilogue: ChannelRequantization, _ channel: Int, products: Int32
  ) -> Int {
    let sum = vd_sum_s32(products, epilogue.bias[channel])
    return Int(
      vd_requantize(
        sum, epilogue.shift[channel], epilogue.multiplier[channel], epilogue.finalShift,
        epilogue.zeroPoint, epilogue.low, epilogue.high))
  }

  private func reason(_ channels: [Channel]) -> String? {
    do throws(ChannelRequantization.Unusable) {
      _ = try ChannelRequantization(source(channels))
      return nil
    } catch {
      return error.reason
    }
  }

  /// round(x), halves up, then zero point and clamp.
  private func exact(_ sum: Double, _ channel: Channel) -> Int {
    let rounded = (sum * channel.factor + 0.5).rounded(.down) + Double(channel.outputZeroPoint)
    return Int(max(-128, min(127, rounded)))
  }

  @Test("differs from exact arithmetic by at most 1 step, in at most 2 % of the outputs")
  func realistic() throws {
    var random = SeededGenerator(seed: 2024)
    var differing = 0
    var count = 0
    for _ in 0..<60 {
      let zeroPoints = (
        Int32.random(in: -128...127, using: &random), Int32.random(in: -128...127, using: &random)
      )
      // input scale * weight scale / output scale of real layers: 2^-13 to 2^-6.
      let channels = (0..<40).map { _ in
        let exponent = Float.random(in: -13 ... -6, using: &random)
        let significand = Float.random(in: 1..<2, using: &random)
        let factor = significand * Float(sign: .plus, exponent: Int(exponent), significand: 1)
        return Channel(
          factor: Double(factor), bias: Int32.random(in: -5000...5000, using: &random),
          inputZeroPoint: zeroPoints.0, weightSum: Int.random(in: -400...400, using: &random),
          weightMagnitude: 20_000, outputZeroPoint: zeroPoints.1)
      }
      let epilogue = try ChannelRequantization(source(channels))
      #expect(epilogue.finalShift == Int32(ChannelRequantization.usualFinalShift))
      for (index, channel) in channels.enumerated() {
        for _ in 0..<20 {
          let reach = Int32(160 / channel.factor)
          let products = Int32.random(in: -reach...reach, using: &random)
          let folded =
            Int(channel.bias) - Int(channel.inputZeroPoint) * channel.weightSum + Int(products)
          let expected = exact(Double(folded), channel)
          let actual = requantize(epilogue, index, products: products)
          #expect(abs(actual - expected) <= 1)
          // What the clamp decides is equal anyway; it must not flatter the share.
          guard (-127...126).contains(expected) else { continue }
          count += 1
          if actual != expected { differing += 1 }
        }
      }
    }
    let share = Double(differing) / Double(count)
    print("requantisation: \(differing) of \(count) outputs differ by 1, \(share * 100) %")
    #expect(count > 20_000 && share <= 0.02)
    // None at all would mean that this compares a thing with itself.
    #expect(differing > 0)
  }

  @Test("folds the zero point and the first shift's rounding into the bias")
  func foldedBias() throws {
    // 2^-12: 15 bits of multiplier leave a shift of 14 + 12 - 15 - 6 = 5.
    let channel = Channel(
      factor: 0x1p-12, bias: 1000, inputZeroPoint: -5, weightSum: 30, weightMagnitude: 5000)
    let epilogue = try ChannelRequantization(source([channel]))
    #expect(epilogue.shift[0] == 5 && epilogue.multiplier[0] == 1 << 14)
    #expect(epilogue.bias[0] == 1000 + 5 * 30 + 16)
  }

  @Test("shifts to the left where the factor is large and the sums are small")
  func negativeShifts() throws {
    for factor in [0.02, 0.75, 1, 3.5, 200] {
      let channel = Channel(
        factor: Double(Float(factor)), bias: 3, inputZeroPoint: -7, weightSum: 2,
        weightMagnitude: 4, outputZeroPoint: 11)
      let epilogue = try ChannelRequantization(source([channel]))
      #expect(epilogue.shift[0] < 0)
      for products: Int32 in -512...512 {
        let expected = exact(Double(products + 3 + 14), channel)
        #expect(abs(requantize(epilogue, 0, products: products) - expected) <= 1)
      }
    }
  }

  @Test("takes fewer fraction bits where the shift to the left could leave 32 bits")
  func fewerFractionBits() throws {
    let channel = Channel(factor: 0.9, weightMagnitude: 400_000)
    let epilogue = try ChannelRequantization(source([channel]))
    #expect(epilogue.finalShift < Int32(ChannelRequantization.usualFinalShift))
    for products: Int32 in [-51_200_000, -130, -100, -3, 0, 1, 77, 139, 51_200_000] {
      let expected = exact(Double(products), channel)
      #expect(abs(requantize(epilogue, 0, products: products) - expected) <= 1)
    }
  }

  @Test("wraps around as LiteRT does where a bias stands at the end of int32")
  func saturatedBias() throws {
    for bias in [Int32.min, Int32.min + 3, .max, .max - 3] {
      for weightSum in [-3, 0, 3] {
        let channel = Channel(
          factor: Double(Float(3e-8)), bias: bias, inputZeroPoint: -128, weightSum: weightSum,
          weightMagnitude: 3, outputZeroPoint: 5)
        let epilogue = try ChannelRequantization(source([channel]))
        for products: Int32 in [-384, -1, 0, 1, 384] {
          let wrapped = bias &+ products &+ Int32(128 * weightSum)
          let expected = exact(Double(wrapped), channel)
          #expect(abs(requantize(epilogue, 0, products: products) - expected) <= 1)
        }
      }
    }
  }

  @Test("pads its arrays for the widest kernels, with zeros")
  func padding() throws {
    let channels = [Channel](repeating: Channel(factor: 0.01, bias: 4), count: 5)
    let epilogue = try ChannelRequantization(source(channels))
    let count = Int(VD_CHANNEL_PADDING)
    #expect(epilogue.bias.count == count && epilogue.shift.count == count)
    #expect(epilogue.multiplier.count == count)
    #expect(epilogue.multiplier[4] != 0 && epilogue.multiplier[5...].allSatisfy { $0 == 0 })
    #expect(epilogue.bias[5...].allSatisfy { $0 == 0 })
  }

  @Test("refuses what does not fit, and names the channel")
  func unusable() {
    let good = Channel(factor: 0.01)
    for factor in [0, -0.5, .infinity, .nan, 1e12] {
      let why = reason([good, Channel(factor: factor)])
      #expect(why?.hasPrefix("channel 1: scale ratio") == true, "factor \(factor)")
    }
    let heavy = reason([Channel(factor: 0.01, weightMagnitude: 1 << 25)])
    #expect(heavy == "channel 0: its sums can leave 32 bits")
    let wide = reason([good, good, Channel(factor: 1000, weightMagnitude: 1 << 20)])
    #expect(wide == "channel 2: its sums can leave 32 bits")
  }

  @Test("A factor too small for its shift loses bits, at last all, and never traps")
  func tinyFactors() throws {
    for exponent in [-20, -40, -52, -60, -80, -300, -1074] {
      let factor = Double(sign: .plus, exponent: exponent, significand: 1)
      let epilogue = try ChannelRequantization(source([Channel(factor: factor)]))
      let largest = requantize(epilogue, 0, products: 128_000)
      #expect(largest == 0)
      #expect(epilogue.shift[0] <= 31)
    }
  }
}
