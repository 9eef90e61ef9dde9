/// The parts that an evaluation divides its frames into.
extension Evaluator {
  /// All groupings that have at least two groups, or that were asked for.
  func groupings(_ labelled: [Int]) -> [EvaluationGrouping] {
    var result: [EvaluationGrouping] = []
    if !labelled.isEmpty { result.append(byClass(labelled)) }
    for (place, key) in keys.enumerated() { result.append(byKey(place, key)) }
    for stratum in Stratum.all {
      if let grouping = byQuarters(stratum) { result.append(grouping) }
    }
    return result
  }

  private func byClass(_ labelled: [Int]) -> EvaluationGrouping {
    var members: [Int: [Int]] = [:]
    for index in labelled {
      if let trueClass = records[index].comparison.trueClass {
        members[trueClass, default: []].append(index)
      }
    }
    let parts = members.sorted { $0.key < $1.key }.map { index, frames in
      Part(name: classNames?[index] ?? "class \(index)", classIndex: index, frames: frames)
    }
    return grouping("class", .class, parts, isRequested: classIsRequested)
  }

  private func byKey(_ place: Int, _ key: GroupKey) -> EvaluationGrouping {
    var members: [String: [Int]] = [:]
    for index in records.indices where !records[index].groups[place].isEmpty {
      members[records[index].groups[place], default: []].append(index)
    }
    let name: String
    switch key {
    case .trueClass: name = "class"
    case .folder: name = "dir"
    case .field(_, let field): name = field
    }
    let parts = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map {
      Part(name: $0.key, classIndex: nil, frames: $0.value)
    }
    return grouping(name, .field, parts, isRequested: true)
  }

  /// Frames divided at the quartiles; equal values stay together. Nil where the quarters would be
  /// small groups, or where fewer than two are left.
  private func byQuarters(_ stratum: Stratum) -> EvaluationGrouping? {
    let values = records.enumerated().compactMap { index, record in
      stratum.value(record).map { (value: $0, frame: index) }
    }
    guard values.count >= 4 * EvaluationGroup.smallCount else { return nil }
    let sorted = values.map(\.value).sorted()
    let limits = [1, 2, 3].map { sorted[$0 * sorted.count / 4] }
    var quarters: [[(value: Double, frame: Int)]] = [[], [], [], []]
    for entry in values { quarters[limits.count { $0 <= entry.value }].append(entry) }
    let parts = quarters.filter { !$0.isEmpty }.map { entries in
      let least = entries.map(\.value).min() ?? 0
      let most = entries.map(\.value).max() ?? 0
      return Part(
        name: stratum.text(least...most), classIndex: nil, frames: entries.map(\.frame))
    }
    return parts.count < 2 ? nil : grouping(stratum.name, .stratum, parts, isRequested: false)
  }

  // MARK: One grouping

  private struct Part {
    let name: String
    let classIndex: Int?
    let frames: [Int]
  }

  private func grouping(
    _ name: String, _ kind: EvaluationGrouping.Kind, _ parts: [Part], isRequested: Bool
  ) -> EvaluationGrouping {
    var groups = parts.enumerated().map { place, part in
      // Each group has random numbers of its own, whatever the size of those before it.
      group(part, seed: seed &+ UInt64(place + 1) &* 0x2545_F491_4F6C_DD1D)
    }
    let tested = groups.indices.filter { groups[$0].difference?.probability != nil }
    let adjusted = BenjaminiHochberg.adjusted(
      tested.compactMap { groups[$0].difference?.probability })
    for (index, probability) in zip(tested, adjusted) {
      groups[index].difference?.adjustedProbability = probability
    }
    return EvaluationGrouping(
      name: name, kind: kind, isRequested: isRequested, groups: groups,
      judged: GroupSummary(groups.filter { !$0.isSmall }),
      all: GroupSummary(groups))
  }

  private func group(_ part: Part, seed: UInt64) -> EvaluationGroup {
    let comparisons = part.frames.map { records[$0].comparison }
    let labelledCount = comparisons.count { $0.trueClass != nil }
    let isSmall = labelledCount < EvaluationGroup.smallCount
    var group = EvaluationGroup(
      name: part.name, classIndex: part.classIndex, frameCount: comparisons.count,
      labelledCount: labelledCount, isSmall: isSmall,
      correct: comparisons.count { $0.candidate.isCorrect == true })
    guard comparisons.contains(where: { $0.reference != nil }) else { return group }
    let counts = FlipCounts(comparisons)
    var difference = GroupDifference(
      changed: comparisons.count { !$0.isSameAnswer }, kept: counts.kept, lost: counts.lost,
      gained: counts.gained, bothWrong: counts.bothWrong)
    if labelledCount > 0 {
      difference.flipRate = counts.flipRate
      difference.top1Change = counts.top1Change
      let test = PairedTest(comparisons.compactMap(\.logProbabilityChange))
      difference.logProbabilityChange = test.mean
      difference.test = test.kind?.rawValue
      difference.probability = test.probability
    }
    if !isSmall {
      let interval = Bootstrap.interval(
        lost: counts.lost, gained: counts.gained, count: labelledCount, seed: seed)
      difference.top1Low = interval.lowerBound
      difference.top1High = interval.upperBound
    }
    group.difference = difference
    return group
  }
}

extension GroupSummary {
  /// Nil where no group has a change of accuracy.
  init?(_ groups: [EvaluationGroup]) {
    let changes = groups.compactMap { group -> (name: String, top1: Double, log: Double)? in
      guard let difference = group.difference, let change = difference.top1Change else {
        return nil
      }
      return (group.name, change, difference.logProbabilityChange ?? 0)
    }
    // Groups keep their order where all else is equal: `sorted` is stable.
    let sorted = changes.sorted { ($0.top1, $0.log) < ($1.top1, $1.log) }
    guard let worst = sorted.first else { return nil }
    let n = Double(sorted.count)
    let mean = sorted.reduce(0) { $0 + $1.top1 } / n
    let decile = sorted.prefix(max(1, (sorted.count + 9) / 10))
    groupCount = sorted.count
    self.worst = worst.name
    worstTop1Change = worst.top1
    worstDecileTop1Change = decile.reduce(0) { $0 + $1.top1 } / Double(decile.count)
    spread = (sorted.reduce(0) { $0 + ($1.top1 - mean) * ($1.top1 - mean) } / n).squareRoot()
    beyondTwiceMean = mean < 0 ? sorted.count { $0.top1 < 2 * mean } : 0
    significantCount = groups.count { ($0.difference?.adjustedProbability ?? 1) < 0.05 }
  }
}
