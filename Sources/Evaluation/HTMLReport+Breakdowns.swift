extension HTMLReport {
  /// Which classes and groups each build gets worse on, and what it says instead.
  static func breakdownsSection(_ model: ReportModel) -> Markup {
    guard model.labelledCount > 0, model.builds.contains(where: { !$0.breakdowns.isEmpty }) else {
      return """
        <p class="note">The frames' classes are not known, so nobody can say which of them pay. Give \
        labels to learn it.</p>
        """
    }
    var out: Markup = """
      <p>An overall figure hides who pays for it: a build can keep its top-1 and lose one class. \
      Each row compares the two networks on the same frames. <b>Lost</b> frames were right in float \
      and are wrong now, <b>gained</b> ones the other way. The change of the true class's \
      log-probability shows a shift before answers flip. <b>p</b> is the probability of so large a \
      difference by chance, corrected for the number of rows (Benjamini and Hochberg). Grey rows \
      have fewer than \(ReportPart.smallFrameCount) frames: one frame more or less moves them by \
      5 points or more, so read them as hints only.</p>
      """
    for (index, build) in model.builds.enumerated() where !build.breakdowns.isEmpty {
      let isOpen = index == 0 ? " open" : ""
      let test = build.breakdowns.first.map { "p: \($0.testName)." } ?? ""
      out += """
        <details\(Markup(trusted: isOpen))><summary>\(SeriesMark.icon(index)) \
        <bdi>\(build.name)</bdi></summary>
        <p class="note">\(test)</p>
        \(build.breakdowns.map { breakdown($0, of: build) })\(confusions(build))</details>

        """
    }
    return out
  }

  private static func breakdown(_ breakdown: ReportBreakdown, of build: ReportBuild) -> Markup {
    let parts = breakdown.worstFirst
    var table = HTMLTable(
      [
        .init("\(breakdown.partName)", number: false), .init("frames"), .init("both right"),
        .init("lost"), .init("gained"), .init("both wrong"),
        .init("", number: false, help: "Lost to the left, gained to the right"),
        .init("net<br><i>points</i>"),
        .init("Δ log p<br><i>nats</i>", help: "Mean change of the true class's log-probability"),
        .init("p", help: "\(breakdown.testName), after Benjamini and Hochberg"),
      ],
      // Where no row can be judged, a few are enough to say so.
      visible: parts.contains { !$0.isSmall } ? visibleRows : 8, style: "parts")
    let most = parts.map { max($0.lost, $0.gained) }.max() ?? 1
    for part in parts {
      let isSure = !part.isSmall && (part.adjustedProbability ?? 1) < 0.05
      table.add(
        [
          .name(part.name), count(part.frameCount), count(part.bothRight), count(part.lost),
          count(part.gained), count(part.bothWrong),
          .init(Plot.balance(lost: part.lost, gained: part.gained, most: most)),
          .number(Figure.signed(part.netShare * 100, 1), part.netShare),
          .number(Figure.signed(part.logProbabilityChange, 3), part.logProbabilityChange),
          .number(
            Figure.significance(part.adjustedProbability), part.adjustedProbability,
            style: isSure ? "sure" : ""),
        ], style: part.isSmall ? "small" : "")
    }
    return """
      <h3>By \(breakdown.partName)</h3>
      <p class="note">\(summary(parts, breakdown.partName))</p>
      \(table.markup(caption: "\(build.name) by \(breakdown.partName), worst first"))
      """
  }

  private static func count(_ value: Int) -> HTMLTable.Cell {
    .number(Figure.count(value), Double(value))
  }

  /// How many can be judged at all, how far apart they lie, and how the worst tenth fares.
  private static func summary(_ parts: [ReportPart], _ name: String) -> String {
    let large = parts.filter { !$0.isSmall }
    guard !large.isEmpty else {
      return "None of the \(Figure.count(parts.count)) rows has "
        + "\(ReportPart.smallFrameCount) frames: no single \(name) can be judged here."
    }
    let sure = large.count { ($0.adjustedProbability ?? 1) < 0.05 }
    let tenth = large.map(\.netShare).sorted().prefix(max(1, large.count / 10))
    let mean = tenth.reduce(0, +) / Double(tenth.count) * 100
    let isTenth = large.count >= 20
    let differing = sure == 0 ? "none differs" : sure == 1 ? "1 differs" : "\(sure) differ"
    return "\(Figure.count(large.count)) of \(Figure.count(parts.count)) rows have "
      + "\(ReportPart.smallFrameCount) frames or more; the worst\(isTenth ? " tenth" : "") of them "
      + "changes by \(Figure.signed(mean, 1)) points\(isTenth ? " on average" : ""), and \(differing) "
      + "from float beyond chance (p < 0.05)."
  }

  private static func confusions(_ build: ReportBuild) -> Markup {
    if build.confusions.isEmpty { return Markup() }
    var table = HTMLTable(
      [
        .init("true class", number: false), .init("wrong answer", number: false), .init("in float"),
        .init("in this build"), .init("more"),
      ], visible: visibleRows)
    for confusion in build.confusions {
      table.add([
        .name(confusion.trueLabel), .name(confusion.wrongLabel), count(confusion.floatCount),
        count(confusion.count),
        .number(
          Figure.signed(confusion.count - confusion.floatCount),
          Double(confusion.count) - Double(confusion.floatCount)),
      ])
    }
    return """
      <h3>Confusions gained</h3>
      \(table.markup(caption: "Wrong answers that \(build.name) gives more often than float"))
      """
  }
}
