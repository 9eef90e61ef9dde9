extension HTMLReport {
  /// The table of builds and what they cost against what they are worth.
  static func buildsSection(_ model: ReportModel) -> Markup {
    let n = model.labelledCount
    let hasEnergy = model.builds.contains { $0.energyMicrojoules != nil }
    let hasCompressed = model.builds.contains { $0.compressedByteCount != nil }
    var columns: [HTMLTable.Column] = [
      .init("build", number: false), .init("file<br><i>MB</i>", help: "1 MB is 1 000 000 bytes"),
    ]
    if hasCompressed {
      columns.append(
        .init("packed<br><i>MB</i>", help: "The file after a Huffman coder: what a download takes"))
    }
    columns += [
      .init("time<br><i>ms</i>", help: "Median of one run of the network"),
      .init("p95<br><i>ms</i>", help: "95 of 100 runs took at most this"),
    ]
    if hasEnergy { columns.append(.init("energy<br><i>mJ</i>", help: "Of one run of the network")) }
    columns += [
      .init("top-1<br><i>%</i>"), .init("top-5<br><i>%</i>"),
      .init(
        "change<br><i>points</i>",
        help: "Of top-1 against float on the same frames, ± 1 standard error"),
      .init("same<br>answer<br><i>%</i>", help: "Frames with float's own first answer"),
      .init("lost /<br>gained<br><i>frames</i>", help: "Right to wrong / wrong to right"),
      .init("KL<br><i>nats</i>", help: "Mean KL(float || build) of the softmaxes"),
      .init("SQNR<br><i>dB</i>", help: "Of the logits against float's; more is better"),
      .init("hit hardest", number: false, help: "The class or group with the largest net loss"),
    ]
    var table = HTMLTable(columns, style: "builds")
    let baseline = model.baseline
    var cells: [HTMLTable.Cell] = [
      .init(
        "<svg class=\"icon\" viewBox=\"0 0 14 14\" aria-hidden=\"true\"><circle class=\"hollow\" cx=\"7\" cy=\"7\" r=\"5\"/></svg> <bdi>\(baseline.name)</bdi>"
      ),
      .number(Figure.megabytes(baseline.byteCount), Double(baseline.byteCount)),
    ]
    if hasCompressed { cells.append(.number(Figure.unknown, nil)) }
    cells += [.number(Figure.unknown, nil), .number(Figure.unknown, nil)]
    if hasEnergy { cells.append(.number(Figure.unknown, nil)) }
    cells += [
      .number(Figure.percent(baseline.top1), baseline.top1),
      .number(Figure.percent(baseline.top5), baseline.top5), .number(Figure.unknown, nil),
      .number(Figure.unknown, nil), .number(Figure.unknown, nil), .number(Figure.unknown, nil),
      .number(Figure.unknown, nil), .init("\(Figure.unknown)"),
    ]
    table.add(cells, style: "float")
    for (index, build) in model.builds.enumerated() {
      var cells: [HTMLTable.Cell] = [
        .init("\(SeriesMark.icon(index)) <bdi>\(build.name)</bdi>"),
        .number(Figure.megabytes(build.byteCount), Double(build.byteCount)),
      ]
      if hasCompressed {
        cells.append(
          .number(
            build.compressedByteCount.map { Figure.megabytes($0) } ?? Figure.unknown,
            build.compressedByteCount.map(Double.init)))
      }
      cells += [
        .number(Figure.decimal(build.timing?.median, 2), build.timing?.median),
        .number(Figure.decimal(build.timing?.p95, 2), build.timing?.p95),
      ]
      if hasEnergy {
        cells.append(
          .number(
            build.energyMicrojoules.map { Figure.decimal($0 / 1000, 2) } ?? "not measured",
            build.energyMicrojoules))
      }
      cells += [
        .number(Figure.percent(build.top1), build.top1),
        .number(Figure.percent(build.top5), build.top5),
        change(build, n),
        .number(Figure.percent(build.agreement), build.agreement),
        .number(
          n > 0 ? "\(Figure.count(build.lost)) / \(Figure.count(build.gained))" : Figure.unknown,
          n > 0 ? Double(build.lost) : nil),
        .number(Figure.decimal(build.meanKL, 4), build.meanKL),
        .number(Figure.decimal(build.logitSQNR ?? .infinity, 1), build.logitSQNR ?? .infinity),
        hardest(build),
      ]
      table.add(cells)
    }
    return """
      \(table.withoutEmptyColumns().markup(caption: "Builds compared: what each costs and what it gets right"))
      <p class="note">The change is paired: both networks saw the same frames, and ± is one standard \
      error of the mean change. Two changes that differ by less than that cannot be told apart \
      here. Times are of the network alone, float has none because it does not run on the device\
      \(hasEnergy ? "" : "; energy was not measured").</p>
      <div class="figures">\(plots(model))</div>
      """
  }

  private static func change(_ build: ReportBuild, _ n: Int) -> HTMLTable.Cell {
    guard let paired = PairedChange(lost: build.lost, gained: build.gained, count: n) else {
      return .number(Figure.unknown, nil)
    }
    return .init(
      """
      \(Figure.signed(paired.change * 100, 2)) <span class="soft">±&#8239;\
      \(Figure.decimal(paired.standardError * 100, 2))</span>
      """, key: paired.change)
  }

  /// The worst part that has enough frames to be called that.
  private static func hardest(_ build: ReportBuild) -> HTMLTable.Cell {
    let worst = build.breakdowns.flatMap { breakdown in
      breakdown.worstFirst.prefix(1).filter { !$0.isSmall && $0.netShare < 0 }.map {
        (kind: breakdown.partName, part: $0)
      }
    }.min { $0.part.netShare < $1.part.netShare }
    guard let worst else { return .init("<span class=\"soft\">none of 20 frames or more</span>") }
    let (name, part) = (worst.part.name, worst.part)
    return .init(
      """
      <span class="soft">\(worst.kind)</span> <bdi title="\(name)">\(Plot.shortened(name, to: 28))\
      </bdi> <span class="loss">\(Figure.signed(part.netShare * 100, 1))</span> \
      <span class="soft">of \(Figure.count(part.frameCount))</span>
      """)
  }

  /// Bytes and time against accuracy, or against agreement where no class is known.
  private static func plots(_ model: ReportModel) -> Markup {
    if model.builds.isEmpty { return Markup() }
    let isAccuracy = model.builds.allSatisfy { $0.top1 != nil } && model.baseline.top1 != nil
    let worthTitle = isAccuracy ? "top-1 (%)" : "same first answer as float (%)"
    let reference = isAccuracy ? (model.baseline.top1 ?? 0) * 100 : 100
    func candidates(_ cost: (ReportBuild) -> Double?) -> [Plot.Candidate] {
      model.builds.enumerated().compactMap { index, build in
        guard let cost = cost(build) else { return nil }
        let error =
          isAccuracy
          ? PairedChange(lost: build.lost, gained: build.gained, count: model.labelledCount)?
            .standardError ?? 0 : 0
        return Plot.Candidate(
          name: build.name, series: index, cost: cost,
          worth: (isAccuracy ? build.top1 ?? 0 : build.agreement) * 100, error: error * 100)
      }
    }
    let bySize =
      candidates { Double($0.byteCount) / 1e6 } + [
        Plot.Candidate(
          name: "float", cost: Double(model.baseline.byteCount) / 1e6, worth: reference)
      ]
    let byTime = candidates { $0.timing?.median }
    let errors = isAccuracy ? " Bars are ± 1 standard error of the paired change." : ""
    var out: Markup = """
      <figure>\(Plot.pareto(
        bySize, costTitle: "file (MB)", worthTitle: worthTitle, reference: nil,
        summary: "\(worthTitle) against the size of the file"))
      <figcaption>Up and to the left is better. The line joins the builds that no other beats in \
      both size and \(isAccuracy ? "accuracy" : "agreement").\(errors)</figcaption></figure>
      """
    if !byTime.isEmpty {
      out += """
        <figure>\(Plot.pareto(
          byTime, costTitle: "median time of the network (ms)", worthTitle: worthTitle,
          reference: reference, summary: "\(worthTitle) against the time of a run"))
        <figcaption>The same against time as measured on this machine\
        \(model.machine.map { " (\($0.processor))" } ?? ""). Fewer bits make a smaller file; whether \
        they also save time is what this shows.</figcaption></figure>
        """
    }
    return out
  }
}
