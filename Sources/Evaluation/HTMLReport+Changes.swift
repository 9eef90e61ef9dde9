extension HTMLReport {
  /// The frames themselves, for people to look at.
  static func changesSection(_ model: ReportModel) -> Markup {
    if model.changedFrameCount == 0 && model.changes.isEmpty {
      return """
        <p>Each build gives float's first answer on all \(Figure.count(model.frameCount)) frames.</p>
        """
    }
    let rest = model.changedFrameCount - model.changes.count
    let several = model.builds.count > 1
    let shown =
      rest > 0
      ? " \(Figure.count(model.changes.count)) are shown, \(Figure.count(rest)) are left out." : ""
    let modal =
      several
      ? " On \(Figure.count(model.modalChangeCount)) of them more builds agree on another answer than "
        + "keep float's (marked): not one build's accident, but what small integers do to this frame. "
        + "Such frames tend to be the rare, the odd and the wrongly labelled." : ""
    return """
      <p>On \(Figure.count(model.changedFrameCount)) of \(Figure.count(model.frameCount)) frames \
      \(several ? "some build" : "the build") answers other than float.\(shown)\(modal) \
      <span class="gain">Right</span> and <span class="loss">wrong</span> are by the frame's label.</p>
      \(several ? key(model) : Markup())<ul class="frames">
      \(model.changes.map { card($0, model) })</ul>
      """
  }

  /// Which mark is which build.
  private static func key(_ model: ReportModel) -> Markup {
    let entries = model.builds.enumerated().map { index, build -> Markup in
      "<li>\(SeriesMark.icon(index)) <bdi>\(build.name)</bdi></li>"
    }
    return "<ul class=\"key\">\(entries)</ul>"
  }

  private static func card(_ change: ReportChange, _ model: ReportModel) -> Markup {
    let name = change.path.split(separator: "/").last.map(String.init) ?? change.path
    let several = model.builds.count > 1
    let count =
      several
      ? "\(change.differingCount) of \(model.builds.count) builds differ" : ""
    let modal = change.hasOtherModalAnswer && several
    // A frame on which only some builds differ lists those: the others say what float says.
    let answers = change.answers.enumerated().compactMap { index, answer in
      answer.flatMap { $0.classIndex == change.floatAnswer.classIndex ? nil : (index, $0) }
    }
    let picture: Markup =
      change.thumbnail.map { thumbnail in
        """
        <img src="data:image/jpeg;base64,\(Markup(trusted: base64(thumbnail.jpeg)))" \
        width="\(thumbnail.width)" height="\(thumbnail.height)" alt="">
        """
      } ?? "<span class=\"missing\">no picture</span>"
    let truth = change.trueLabel.map { "<dt>true</dt><dd><bdi>\($0)</bdi></dd>" as Markup }
    return """
      <li class="\(modal ? "card modal" : "card")"><div class="photo">\(picture)</div>
      <p class="file" title="\(change.path)"><bdi>\(name)</bdi></p>
      <dl>\(truth ?? Markup())<dt>float</dt><dd>\(answer(change.floatAnswer, change))</dd>\
      \(answers.map { index, given -> Markup in
        let name = index < model.builds.count ? model.builds[index].name : ""
        let label: Markup = several ? "<span title=\"\(name)\">\(SeriesMark.icon(index))</span>" : "build"
        return "<dt>\(label)</dt><dd>\(answer(given, change))</dd>"
      })</dl>\
      \(count.isEmpty ? Markup() : "<p class=\"tally\">\(count)</p>")</li>

      """
  }

  private static func answer(_ answer: ReportAnswer, _ change: ReportChange) -> Markup {
    let style = change.trueClass.map { $0 == answer.classIndex ? "gain" : "loss" } ?? ""
    return """
      <span class="\(style)"><bdi>\(answer.label)</bdi></span> \
      <span class="soft">\(Figure.decimal(answer.probability, 2))</span>
      """
  }
}
