import Evaluation

/// A report of made-up figures with names that try to get out of their place.
enum ReportFixture {
  static let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
  static let hostilePath = "front door/\u{202E}gpj.<svg onload=alert(3)>.jpeg"

  /// Figures that look like those of a real network.
  ///
  /// - Parameter thumbnail: for every other frame that changed.
  static func model(thumbnail: Thumbnail? = nil, builds: Int = 3) -> ReportModel {
    var random = ReportRandom(state: 7)
    let names = ["lite0-w8.tflite", "lite0-w6.tflite", "lite0-w4-mixed.tflite", hostile]
    let bits = [8, 6, 4, 8]
    var model = ReportModel(
      title: "EfficientNet-Lite0 at 8, 6 and 4 bit",
      facts: [
        ReportFact("Tool", "vedette 0.1.0"),
        ReportFact("Float network", hostile, isCode: true),
        ReportFact("SHA-256 of it", String(repeating: "3f", count: 32), isCode: true),
        ReportFact(
          "Preprocessing", "central square 7/8, bicubic, 224 × 224, mean 127, deviation 128"),
      ],
      frameCount: 3000, labelledCount: 2980,
      machine: ReportMachine(
        processor: "AMD EPYC 7R13", instructionSet: "avx2", threadCount: 1, roundCount: 60),
      baseline: ReportBaseline(
        name: "efficientnet_lite0.fp32.onnx", byteCount: 18_604_512, top1: 0.7430, top5: 0.9203))
    for index in 0..<builds {
      let name = names[index % names.count]
      model.builds.append(build(name, bits[index % bits.count], index, &random))
    }
    model.changes = (0..<9).map { index in
      change(index, thumbnail: index % 2 == 0 ? thumbnail : nil, builds: builds)
    }
    model.changedFrameCount = 141
    model.modalChangeCount = model.changes.count { $0.hasOtherModalAnswer }
    return model
  }

  private static func build(
    _ name: String, _ bits: Int, _ index: Int, _ random: inout ReportRandom
  ) -> ReportBuild {
    let lost = [14, 41, 88, 14][index % 4]
    let gained = [12, 22, 41, 12][index % 4]
    var build = ReportBuild(
      name: name, modelID: String(repeating: "a\(index % 10)", count: 32),
      byteCount: [4_830_112, 4_830_112, 3_120_004, 4_830_112][index % 4], lost: lost,
      gained: gained, changed: 30 + 40 * index, agreement: 1 - Double(30 + 40 * index) / 3000,
      meanKL: 0.0051 * Double(1 + index * 3), logitSQNR: 23.4 - 4.2 * Double(index))
    build.compressedByteCount = build.byteCount * bits * 11 / 100
    build.timing = ReportTiming(median: 11.42 + 0.05 * Double(index), p95: 12.01)
    build.top1 = 0.7430 - Double(lost - gained) / 2980
    build.top5 = 0.9203 - 0.002 * Double(index)
    build.sizes = [224, 192, 160, 128].map { side in
      let float = 0.743 - 0.0008 * Double(224 - side)
      return ReportSize(
        size: side, frameCount: 3000, floatTop1: float,
        top1: float - 0.002 * Double(index + 1), agreement: 0.985 - 0.01 * Double(index),
        meanKL: 0.005, logitSQNR: 22.5 - 4 * Double(index))
    }
    build.layers = (0..<64).map { layer($0, bits, &random) }
    build.breakdowns = [
      ReportBreakdown(
        partName: "class",
        parts: (0..<60).map {
          part($0 == 3 ? hostile : "class \($0)", $0 % 3 == 0 ? 9 : 60, &random)
        }
          + [
            ReportPart(
              name: "Egyptian cat", bothRight: 30, lost: 9, gained: 1, bothWrong: 4,
              logProbabilityChange: -0.31, adjustedProbability: 0.0004)
          ],
        testName: "paired t test of the log-probabilities"),
      ReportBreakdown(
        partName: "dir", parts: ["front door", "back yard", "roof"].map { part($0, 900, &random) },
        testName: "paired t test of the log-probabilities"),
    ]
    build.confusions = [
      ReportConfusion(trueLabel: "tabby", wrongLabel: hostile, floatCount: 4, count: 11)
    ]
    build.facts = [
      ReportFact("Weights asked for", "\(bits) bit"), ReportFact("Seed", "1"),
      ReportFact("Calibration", "150 frames"),
    ]
    return build
  }

  private static func layer(_ index: Int, _ bits: Int, _ random: inout ReportRandom) -> ReportLayer
  {
    let isDepthwise = index % 3 == 1
    var layer = ReportLayer(
      name: index == 5 ? hostile : "blocks.\(index / 3).\(isDepthwise ? "dw" : "pw")/Conv",
      kind: index % 7 == 6 ? "ADD" : isDepthwise ? "DEPTHWISE_CONV_2D" : "CONV_2D")
    let depth = Double(index)
    layer.rangeMinimum = -2.5 - random.unit()
    layer.rangeMaximum = 2.4 + random.unit()
    layer.aloneSQNR = 38 + 6 * random.unit() - (isDepthwise ? 4 : 0)
    layer.accumulatedSQNR = 36 - 0.2 * depth + 3 * random.unit()
    layer.clippedShare = 0.0005 * random.unit()
    layer.histogram = ReportHistogram(
      counts: (0..<64).map { bin in
        let x = (Double(bin) - 32) / 14
        return Int(9000 / (1 + x * x * x * x) * (0.8 + 0.4 * random.unit()))
      }, minimum: -4, maximum: 4)
    guard layer.kind != "ADD" else { return layer }
    layer.weightShape = isDepthwise ? [96, 3, 3, 1] : [96, 1, 1, 24]
    layer.bits = isDepthwise || index == 0 ? 8 : bits
    layer.rounding = isDepthwise ? "nearest" : "gram"
    layer.fellBack = index % 11 == 0
    layer.weightBytes = isDepthwise ? 864 : 2304
    return layer
  }

  private static func part(_ name: String, _ count: Int, _ random: inout ReportRandom) -> ReportPart
  {
    let lost = Int(random.unit() * Double(count) * 0.05)
    let gained = Int(random.unit() * Double(count) * 0.04)
    let right = Int(Double(count) * (0.6 + 0.2 * random.unit()))
    return ReportPart(
      name: name, bothRight: right, lost: lost, gained: gained,
      bothWrong: count - right - lost - gained, logProbabilityChange: 0.1 * random.unit() - 0.06,
      adjustedProbability: random.unit())
  }

  private static func change(_ index: Int, thumbnail: Thumbnail?, builds: Int) -> ReportChange {
    ReportChange(
      path: index == 2 ? hostilePath : "front door/2026-05-01/\(index).jpeg", thumbnail: thumbnail,
      trueClass: index == 3 ? nil : 1, trueLabel: index == 3 ? nil : "tabby",
      floatAnswer: ReportAnswer(
        classIndex: index % 2, label: index == 2 ? hostile : index % 2 == 0 ? "tiger cat" : "tabby",
        probability: 0.41),
      answers: (0..<builds).map { build in
        (index + build) % 3 == 0 && index % 4 != 0
          ? nil : ReportAnswer(classIndex: 2 + build / 2, label: "Egyptian cat", probability: 0.44)
      })
  }
}

/// Numbers that are the same everywhere (Steele, Lea and Flood's SplitMix64).
struct ReportRandom {
  var state: UInt64

  /// 0 to 1.
  mutating func unit() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }
}
