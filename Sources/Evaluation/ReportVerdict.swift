/// What a build's change of accuracy lets one say, in a sentence that claims no more than the
/// frames show.
package enum ReportVerdict {
  /// - Parameter labelledCount: the frames behind the build's counts.
  package static func sentence(_ build: ReportBuild, labelledCount n: Int) -> String {
    let same =
      "gives float's first answer on \(Figure.percent(build.agreement)) % of the frames"
    guard let paired = PairedChange(lost: build.lost, gained: build.gained, count: n) else {
      return "\(same). Without known classes nothing can be said about its accuracy."
    }
    let change = paired.change * 100
    let error = paired.standardError * 100
    let top1 = build.top1.map { ", top-1 \(Figure.percent($0)) %" } ?? ""
    guard build.lost + build.gained > 0 else {
      // No event in n trials: the upper 95 % limit of the rate is 1 - 0.05^(1/n), some 3/n.
      return "\(same)\(top1). No frame went from right to wrong or back; in \(Figure.count(n)) "
        + "frames that leaves room for a change of up to \(Figure.decimal(min(300 / Double(n), 100), 2)) "
        + "points of either kind (95 %)."
    }
    let figure = "\(Figure.signed(change, 2)) ± \(Figure.decimal(error, 2)) points"
    let conclusion: String
    if change.magnitude <= error {
      conclusion =
        "is within one standard error: these frames show no change of accuracy, and none "
        + "smaller than about \(Figure.decimal(2 * error, 2)) points could be seen in them"
    } else if change.magnitude <= 2 * error {
      conclusion =
        "lies between one and two standard errors: it may be chance, and more frames would tell"
    } else {
      conclusion =
        change < 0
        ? "is a loss that chance does not explain" : "is a gain that chance does not explain"
    }
    return "\(same)\(top1): \(figure) against float, which \(conclusion)."
  }
}
