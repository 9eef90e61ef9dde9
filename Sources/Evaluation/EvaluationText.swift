/// An evaluation as lines for people.
///
/// Names come out as they are: who prints them escapes what could steer a terminal.
public struct EvaluationText: Sendable {
  let result: EvaluationResult
  /// The most groups, confusions and changed answers that are listed.
  let limit: Int

  public init(_ result: EvaluationResult, limit: Int = 10) {
    self.result = result
    self.limit = limit
  }

  public var lines: [String] {
    var lines = heads + [""] + accuracyLines
    if let difference = result.difference { lines += [""] + differenceLines(difference) }
    if let significance = result.significance { lines += ["", significance] }
    for grouping in result.groupings { lines += groupingLines(grouping) }
    lines += confusionLines + changedLines
    return lines
  }

  // MARK: All frames

  private var heads: [String] {
    func text(_ model: EvaluatedModel) -> String {
      "\(model.path) (\(fileSize(model.byteCount)), "
        + "\(model.width)x\(model.height))"
    }
    var lines = ["model       \(text(result.model))"]
    if let reference = result.reference { lines.append("against     \(text(reference))") }
    let skipped = result.skipped.isEmpty ? "" : ", \(result.skipped.count) skipped"
    lines.append(
      "frames      \(result.frameCount), \(result.labelledCount) with a label\(skipped)")
    return lines
  }

  private var accuracyLines: [String] {
    guard let accuracy = result.accuracy else {
      return ["no labels: name them in labels.csv or by folders to see what is right"]
    }
    let rows: [(String, KeyPath<Accuracy, Double>)] = [
      ("top-1", \.top1), ("top-5", \.top5), ("calibration error", \.calibrationError),
    ]
    guard let reference = result.referenceAccuracy else {
      return table(rows.map { [$0.0, percent(accuracy[keyPath: $0.1])] }, leftColumns: 1)
    }
    return table(
      [["", "model", "against", "change"]]
        + rows.map { name, path in
          let (after, before) = (accuracy[keyPath: path], reference[keyPath: path])
          return [name, percent(after), percent(before), "\(signed(100 * (after - before), 2)) pt"]
        }, leftColumns: 1)
  }

  private func differenceLines(_ difference: Difference) -> [String] {
    var rows = [
      [
        "same answer", percent(difference.agreement),
        "\(result.changed.count) of \(result.frameCount) changed",
      ]
    ]
    if let labelled = difference.labelled {
      rows.append([
        "flips", percent(labelled.flipRate), "\(labelled.lost) lost, \(labelled.gained) gained",
      ])
    }
    rows.append(["mean KL", "\(decimal(difference.meanKL, 5)) nats", ""])
    rows.append([
      "logits SQNR", difference.logitSQNR.map { "\(decimal($0, 2)) dB" } ?? "no difference", "",
    ])
    if let labelled = difference.labelled {
      let p = labelled.logProbabilityProbability.map { "p \(probabilityText($0))" } ?? ""
      let error = labelled.logProbabilityStandardError.map { "±\(decimal(1.96 * $0, 4))" } ?? ""
      rows.append([
        "log-probability of the true class",
        "\(signed(labelled.logProbabilityChange, 4)) nats",
        [error, p].filter { !$0.isEmpty }.joined(separator: ", "),
      ])
      rows.append([
        "top-1 change, bootstrap 95 %",
        "\(signed(100 * labelled.top1Low, 2)) to \(signed(100 * labelled.top1High, 2)) pt", "",
      ])
    }
    return table(rows, leftColumns: 3)
  }

  // MARK: Groups

  private func groupingLines(_ grouping: EvaluationGrouping) -> [String] {
    let isCompared = result.difference != nil && result.labelledCount > 0
    // Where nothing is compared, the plain accuracies of what was asked for.
    guard isCompared || grouping.isRequested else { return [] }
    var head = "by \(grouping.name): \(grouping.groups.count) groups"
    let smallCount = grouping.groups.count { $0.isSmall }
    if smallCount > 0 {
      head +=
        ", \(smallCount) with fewer than \(EvaluationGroup.smallCount) labelled frames (~: mostly "
        + "chance)"
    }
    if let summary = grouping.judged ?? grouping.all {
      // The worst tenth of a few groups is the worst one, which the rows show.
      if summary.groupCount >= 10 {
        head += "; worst tenth \(signed(100 * summary.worstDecileTop1Change, 2)) pt"
      }
      head +=
        "; spread \(decimal(100 * summary.spread, 2)) pt, \(summary.significantCount) beyond "
        + "chance"
    }
    let order = grouping.kind == .stratum ? Array(grouping.groups.indices) : worstFirst(grouping)
    let shown = order.prefix(limit).map { groupRow(grouping.groups[$0]) }
    let header =
      isCompared
      ? ["", "frames", "top-1", "change", "95 %", "flips", "log p", "adj. p", "group"]
      : ["", "frames", "top-1", "group"]
    var lines = ["", head] + table([header] + shown, leftColumns: 0, lastIsLeft: true)
    if order.count > limit { lines.append("  … \(order.count - limit) more in --json") }
    return lines
  }

  /// Places of groups: those that lose most first, small ones after the others.
  private func worstFirst(_ grouping: EvaluationGrouping) -> [Int] {
    func key(_ index: Int) -> [Double] {
      let group = grouping.groups[index]
      return [
        group.isSmall ? 1 : 0, group.difference?.top1Change ?? 0,
        group.difference?.logProbabilityChange ?? 0,
        group.labelledCount > 0 ? Double(group.correct) / Double(group.labelledCount) : 2,
        Double(index),
      ]
    }
    let keys = grouping.groups.indices.map { key($0) }
    return grouping.groups.indices.sorted { keys[$0].lexicographicallyPrecedes(keys[$1]) }
  }

  private func groupRow(_ group: EvaluationGroup) -> [String] {
    let top1 =
      group.labelledCount > 0 ? percent(Double(group.correct) / Double(group.labelledCount)) : ""
    let start = [group.isSmall ? "~" : "", "\(group.frameCount)", top1]
    guard result.difference != nil, result.labelledCount > 0 else { return start + [group.name] }
    let difference = group.difference
    var interval = ""
    if let low = difference?.top1Low, let high = difference?.top1High {
      interval = "\(signed(100 * low, 1))…\(signed(100 * high, 1))"
    }
    return start + [
      difference?.top1Change.map { "\(signed(100 * $0, 2)) pt" } ?? "", interval,
      difference?.flipRate.map(percent) ?? "",
      difference?.logProbabilityChange.map { signed($0, 3) } ?? "",
      difference?.adjustedProbability.map(probabilityText) ?? "", group.name,
    ]
  }

  // MARK: Single answers

  private var confusionLines: [String] {
    guard !result.confusionsGained.isEmpty else { return [] }
    let rows = result.confusionsGained.prefix(limit).map { pair in
      [
        "+\(pair.candidateCount - pair.referenceCount)",
        "\(result.className(pair.trueClass)) taken for \(result.className(pair.answer))",
      ]
    }
    return ["", "confusions gained"] + table(rows, leftColumns: 0, lastIsLeft: true)
  }

  private var changedLines: [String] {
    guard !result.changed.isEmpty else { return [] }
    let rows = result.changed.prefix(limit).map { change in
      let verdict =
        change.trueClass.map { truth in
          truth == change.referenceAnswer ? "lost" : truth == change.answer ? "gained" : "wrong"
        } ?? ""
      let before =
        "\(result.className(change.referenceAnswer)) \(decimal(change.referenceProbability, 2))"
      let after = "\(result.className(change.answer)) \(decimal(change.probability, 2))"
      return [verdict, "\(change.file): \(before) -> \(after)"]
    }
    var lines =
      ["", "changed answers (\(result.changed.count))"]
      + table(rows, leftColumns: 1, lastIsLeft: true)
    if result.changed.count > limit {
      lines.append("  … \(result.changed.count - limit) more in --json")
    }
    return lines
  }
}

/// Decimal units, as file sizes are told.
private func fileSize(_ count: Int) -> String {
  count < 1_000_000
    ? "\(decimal(Double(count) / 1e3, 1)) kB" : "\(decimal(Double(count) / 1e6, 2)) MB"
}

private func percent(_ share: Double) -> String { "\(decimal(100 * share, 2)) %" }

/// Columns of equal width, the first ones flush left, the others flush right.
private func table(
  _ rows: [[String]], leftColumns: Int, lastIsLeft: Bool = false
) -> [String] {
  let columnCount = rows.map(\.count).max() ?? 0
  let widths = (0..<columnCount).map { column in
    rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
  }
  return rows.map { row in
    var line = ""
    for (column, cell) in row.enumerated() {
      let blanks = String(repeating: " ", count: widths[column] - cell.count)
      let isLeft = column < leftColumns || (lastIsLeft && column == columnCount - 1)
      line += (column > 0 ? "  " : "") + (isLeft ? cell + blanks : blanks + cell)
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}
