import Inference
import Model
import Tensors
import Testing

/// Graphs that are right in themselves and still not to be run, or only just.
@Suite("Graphs from outside")
struct HostileGraphTests {
  /// `copies` activations of 256 MiB that are all needed at the end, from a picture of one pixel.
  private func large(copies: Int) throws -> ModelFile {
    let side = 1 << 14
    var model = SmallModel()
    let input = model.activation("in", [1, 1, 1, 1])
    let first = model.activation("padded", [1, side, side, 1])
    model.add(.pad(before: [0, side - 1, side - 1, 0], after: [0, 0, 0, 0]), [input], first)
    var tensors = [first]
    for _ in 1..<copies {
      let next = model.activation("copy", [1, side, side, 1])
      model.add(.maxPool2D(Window(), kernelHeight: 1, kernelWidth: 1, .none), [first], next)
      tensors.append(next)
    }
    var sum = tensors[0]
    for tensor in tensors.dropFirst() {
      let next = model.activation("sum", [1, side, side, 1])
      model.add(.add(.none), [sum, tensor], next)
      sum = next
    }
    let output = model.activation("out", [1, 1, 1, 1])
    model.add(
      .maxPool2D(
        Window(strideHeight: 1024, strideWidth: 1024), kernelHeight: 1, kernelWidth: 1, .none),
      [sum], model.activation("small", [1, 16, 16, 1]))
    model.add(
      .maxPool2D(Window(), kernelHeight: 1, kernelWidth: 1, .none), [input], output)
    return try model.finish(inputs: [input], outputs: [output])
  }

  @Test("Activations beyond the limit are refused with their size, before any memory is taken")
  func activations() throws {
    let file = try large(copies: 6)
    let error = planningError(file)
    guard case .unusableGraph(let reason)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    // Six and the first sum at a time.
    #expect(reason.contains("\(7 << 28) of them for activations"))
    #expect(reason.contains("at most \(NetworkPlan.maximumByteCount)"))
  }

  @Test(
    "A kernel's scratch beyond the limit is refused",
    .enabled(if: KernelSelection.best != .scalar, "needs a vector kernel"))
  func scratch() throws {
    var model = SmallModel()
    let input = model.activation("in", [1, 1, 1, 1])
    let height = 1024
    let width = 1 << 14
    let padded = model.activation("padded", [1, height, width, 1])
    model.add(
      .pad(before: [0, height - 1, width - 1, 0], after: [0, 0, 0, 0]), [input], padded)
    // 64 KiB of weights, but one pointer for each of 2^16 taps of each of 16321 pixels of a row.
    let weights = model.weights([1, 1024, 64, 1], [Int8](repeating: 1, count: 1 << 16))
    let output = model.activation("out", [1, 1, width - 63, 1], scale: 100)
    model.add(.depthwiseConv2D(Window(), depthMultiplier: 1, .none), [padded, weights], output)
    let file = try model.finish(inputs: [input], outputs: [output])
    var message = ""
    do throws(InferenceError) { _ = try Network(file) } catch { message = error.description }
    #expect(message.contains("bytes of memory to run"))
  }

  @Test("A graph whose output is its input computes nothing, and is refused")
  func outputIsInput() throws {
    var model = SmallModel()
    let input = model.activation("in", [1, 2, 2, 1])
    let unused = model.activation("unused", [1, 2, 2, 1])
    model.add(.add(.none), [input, input], unused)
    let file = try model.finish(inputs: [input], outputs: [input])
    #expect(planningError(file)?.description == "no operator writes its output")
  }

  @Test("A graph of more than one input or output is refused")
  func edges() throws {
    var model = SmallModel()
    var a = model.activation("a", [1, 4])
    let b = model.activation("b", [1, 4])
    var sum = model.activation("sum", [1, 4])
    model.add(.add(.none), [a, b], sum)
    var file = try model.finish(inputs: [a, b], outputs: [sum])
    #expect(planningError(file)?.description.hasPrefix("it has 2 inputs and 1 outputs") == true)

    model = SmallModel()
    a = model.activation("a", [1, 4])
    sum = model.activation("sum", [1, 4])
    let twice = model.activation("twice", [1, 4])
    model.add(.add(.none), [a, a], sum)
    model.add(.add(.none), [sum, sum], twice)
    file = try model.finish(inputs: [a], outputs: [sum, twice])
    #expect(planningError(file)?.description.hasPrefix("it has 1 inputs and 2 outputs") == true)
  }

  @Test("A mean over more pixels than an int32 sum holds is refused, and one below is exact")
  func mean() throws {
    for side in [2048, 4096] {
      var model = SmallModel()
      let input = model.activation("in", [1, 1, 1, 1])
      let padded = model.activation("padded", [1, side, side, 1])
      model.add(.pad(before: [0, side - 1, side - 1, 0], after: [0, 0, 0, 0]), [input], padded)
      let output = model.activation("out", [1, 1])
      model.add(.mean(), [padded], output)
      let file = try model.finish(inputs: [input], outputs: [output])
      guard side == 2048 else {
        #expect(planningError(file)?.description.contains("MEAN") == true)
        continue
      }
      var network = try Network(file, kernels: .scalar)
      let outputs = network.outputBytes(of: [127])
      #expect(outputs == [UInt8(bitPattern: Int8(SmallModel.zeroPoint))])
    }
  }

  @Test("Scales that no integers stand for are refused by operator and reason")
  func scales() throws {
    var model = SmallModel()
    var input = model.activation("in", [1, 4], scale: 1e30)
    let weights = model.weights([2, 4], [Int8](repeating: 1, count: 8), scale: 1e8)
    var output = model.activation("out", [1, 2], scale: 1e-6)
    model.add(.fullyConnected(.none), [input, weights], output)
    var file = try model.finish(inputs: [input], outputs: [output])
    #expect(
      planningError(file)?.description.hasPrefix(
        "operator 0 (FULLY_CONNECTED): channel 0: scale ratio") == true)

    model = SmallModel()
    input = model.activation("in", [1, 4], scale: 1e30)
    output = model.activation("out", [1, 4], scale: 1e-6)
    model.add(.add(.none), [input, input], output)
    file = try model.finish(inputs: [input], outputs: [output])
    #expect(
      planningError(file)?.description.hasPrefix("operator 0 (ADD): an input's scale") == true)
  }

  @Test("A pooling's output may have the input's scale as somebody printed it")
  func printedScale() throws {
    var model = SmallModel()
    let input = model.activation("in", [1, 2, 2, 1], scale: 0.1)
    let output = model.activation("out", [1, 1, 1, 1], scale: Float(0.1).nextUp)
    model.add(.averagePool2D(Window(), kernelHeight: 2, kernelWidth: 2, .none), [input], output)
    var network = try Network(try model.finish(inputs: [input], outputs: [output]))
    let outputs = network.outputBytes(of: [1, 2, 3, 6])
    #expect(outputs == [3])
  }

  @Test("Every pooling window that Model lets through sees a pixel", arguments: 1...9)
  func poolingWindows(extent: Int) throws {
    for padding in [Window.Padding.same, .valid] {
      for kernel in 1...10 {
        for stride in 1...10 {
          let rule = Window(strideHeight: stride, strideWidth: stride, padding: padding)
          let kind = OperatorKind.maxPool2D(rule, kernelHeight: kernel, kernelWidth: 1, .none)
          let image = try #require(Shape([1, extent, 1, 1]))
          guard let output = outputShape(of: kind, inputs: [image]) else {
            #expect(padding == .valid && kernel > extent)
            continue
          }
          let window = try #require(
            rule.fitted(inputHeight: extent, inputWidth: 1, kernelHeight: kernel, kernelWidth: 1))
          for row in 0..<output[1] {
            let first = row * stride - window.padTop
            let overlap = min(first + kernel, extent) - max(first, 0)
            #expect(overlap >= 1, "\(padding) kernel \(kernel) stride \(stride) row \(row)")
          }
        }
      }
    }
  }

  /// Odd counts, so that the last byte of int4 is half full.
  @Test("Int4 weights compute what the same numbers do as int8")
  func int4() throws {
    func file(_ type: ElementType, dense: Bool) throws -> ModelFile {
      var model = SmallModel()
      if dense {
        let input = model.activation("in", [1, 7])
        let weights = model.weights([5, 7], randomInt8(35, seed: 4, in: -8...7), type: type)
        let output = model.activation("out", [1, 5], scale: 4)
        model.add(
          .fullyConnected(.none), [input, weights, model.bias([1, -20, 300, 0, 7])], output)
        return try model.finish(inputs: [input], outputs: [output])
      }
      let input = model.activation("in", [1, 4, 5, 3])
      let weights = model.weights([3, 3, 3, 3], randomInt8(81, seed: 6, in: -8...7), type: type)
      let output = model.activation("out", [1, 4, 5, 3], scale: 4)
      model.add(
        .conv2D(Window(padding: .same), .relu6), [input, weights, model.bias([9, -9, 100])],
        output)
      return try model.finish(inputs: [input], outputs: [output])
    }
    for dense in [false, true] {
      let input = randomBytes(dense ? 7 : 60, seed: 12)
      var outputs: Set<[UInt8]> = []
      for name in KernelSelection.names {
        for type in [ElementType.int4, .int8] {
          let kernels = try #require(KernelSelection(upTo: name))
          var network = try Network(try file(type, dense: dense), kernels: kernels)
          outputs.insert(network.outputBytes(of: input))
        }
      }
      #expect(outputs.count == 1)
      let first = try #require(outputs.first)
      #expect(Set(first).count > 2)
    }
  }

  @Test("Names of instruction sets choose kernels; others are refused")
  func selection() {
    #expect(KernelSelection(upTo: "auto") == .best)
    #expect(KernelSelection(upTo: "scalar") == .scalar)
    for name in ["", "sse9", "AVX2", "scalar "] { #expect(KernelSelection(upTo: name) == nil) }
  }
}
