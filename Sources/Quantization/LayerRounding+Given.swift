extension LayerRounding {
  /// The layer with the integers and the scales that its source stored, and its bias as it is; nil
  /// where the source stored none, or none that symmetric weights of `bits` bits can be.
  ///
  /// ONNX knows -128 and zero points; TensorFlow Lite's weights have neither. So weights that were
  /// stored around a zero point are taken only if none is more than 127 steps from it. A channel
  /// whose scale the device's multipliers do not reach (see ``WeightScaleLimits``) is rounded anew
  /// at the nearest scale that they do.
  public func given(bits: Int) -> RoundedLayer? {
    guard let given = layer.givenScales, given.count == 1 || given.count == layer.outputs else {
      return nil
    }
    let limit = Float(codeLimit(bits: bits))
    var scales: [Float] = []
    var codes: [Int8] = []
    codes.reserveCapacity(layer.weights.count)
    for output in 0..<layer.outputs {
      let stored = given[given.count == 1 ? 0 : output]
      let bounds = bounds(output, bits: bits)
      let scale = min(max(stored, bounds.lowerBound), bounds.upperBound)
      for weight in layer.weights[output * layer.inputs..<(output + 1) * layer.inputs] {
        // The product of a scale and an integer is rounded to float32: up to 127 / 2^24 of a step.
        let steps = weight / stored
        guard steps.magnitude <= limit + 0.01,
          (steps - steps.rounded(.toNearestOrEven)).magnitude <= 0.01
        else { return nil }
        let code = (weight / scale).rounded(.toNearestOrEven)
        codes.append(Int8(min(max(code, -limit), limit)))
      }
      scales.append(scale)
    }
    return RoundedLayer(codes: codes, scales: scales, bias: layer.bias, bits: bits, method: .given)
  }
}
