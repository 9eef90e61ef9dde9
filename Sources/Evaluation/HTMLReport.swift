import Tensors

/// Turns a ``ReportModel`` into one page that needs nothing else: no network, no file, no font.
///
/// The same model gives the same bytes. A content security policy forbids everything but the page's
/// own style and script, by their hashes, and images that it holds itself; all strings of the model
/// are escaped.
public enum HTMLReport {
  /// Rows of one table; what is left out is counted.
  package static let maximumRows = 2000
  /// Rows that are seen until the reader asks for the others.
  package static let visibleRows = 25

  public static func render(_ model: ReportModel) -> String {
    let sections: [(id: String, title: String, body: Markup)] = [
      ("builds", "Builds compared", buildsSection(model)),
      ("sizes", "Input sizes", sizesSection(model)),
      ("groups", "Who pays", breakdownsSection(model)),
      ("changes", "Frames whose answer changed", changesSection(model)),
      ("layers", "Layers", layersSection(model)),
      ("origin", "How this was made", originSection(model)),
    ]
    let style = Markup(trusted: ReportAssets.style)
    let script = Markup(trusted: ReportAssets.script)
    let policy =
      "default-src 'none'; img-src data:; style-src '\(digest(style))'; "
      + "script-src '\(digest(script))'; base-uri 'none'; form-action 'none'"
    let page: Markup = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="\(Markup(trusted: policy))">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="generator" content="vedette">
      <title>\(model.title)</title>
      <style>\(style)</style>
      </head>
      <body>
      <header>
      <h1>\(model.title)</h1>
      \(lead(model))
      <nav aria-label="Sections">\(sections.map { "<a href=\"#\($0.id)\">\($0.title)</a> " })</nav>
      </header>
      <main>
      \(sections.map { section in
        """
        <section id="\(section.id)">
        <h2>\(section.title)</h2>
        \(section.body)
        </section>

        """
      })</main>
      <footer>Made by vedette. This page loads nothing and sends nothing.</footer>
      <script>\(script)</script>
      </body>
      </html>

      """
    return page.html
  }

  /// A source expression of a content security policy: the hash of an element's contents.
  private static func digest(_ contents: Markup) -> String {
    "sha256-" + base64(SHA256.hash(Array(contents.html.utf8)))
  }

  /// What the page says in a few sentences, before any table.
  private static func lead(_ model: ReportModel) -> Markup {
    let labelled =
      model.labelledCount == model.frameCount
      ? ""
      : model.labelledCount == 0
        ? ", none with a known class" : ", \(Figure.count(model.labelledCount)) with a known class"
    let noun = model.builds.count == 1 ? "build" : "builds"
    var out: Markup = """
      <p class="lead">\(model.builds.count) \(noun) held against <bdi>\(model.baseline.name)</bdi>, \
      frame by frame, on \(Figure.count(model.frameCount)) frames\(labelled).</p>
      """
    let verdicts = model.builds.enumerated().map { index, build -> Markup in
      """
      <li>\(SeriesMark.icon(index)) <b><bdi>\(build.name)</bdi></b> \
      \(ReportVerdict.sentence(build, labelledCount: model.labelledCount))</li>
      """
    }
    if !verdicts.isEmpty { out += "<ul class=\"verdicts\">\(verdicts)</ul>" }
    return out
  }

  private static func originSection(_ model: ReportModel) -> Markup {
    var facts = model.facts
    if let machine = model.machine {
      facts.append(
        ReportFact(
          "Times measured on",
          "\(machine.processor), \(machine.instructionSet) kernels, "
            + "\(machine.threadCount) thread\(machine.threadCount == 1 ? "" : "s"); "
            + "\(Figure.count(machine.roundCount)) rounds, each build once a round"))
    }
    var out: Markup = "\(factList(facts))"
    for (index, build) in model.builds.enumerated() {
      out += """
        <h3>\(SeriesMark.icon(index)) <bdi>\(build.name)</bdi></h3>
        \(factList(build.facts + [ReportFact("SHA-256 of the file", build.modelID, isCode: true)]))
        """
    }
    return out
  }

  private static func factList(_ facts: [ReportFact]) -> Markup {
    if facts.isEmpty { return Markup() }
    return """
      <dl class="facts">\(facts.map { fact -> Markup in
        let value: Markup = fact.isCode ? "<code>\(fact.value)</code>" : "<bdi>\(fact.value)</bdi>"
        return "<div><dt>\(fact.name)</dt><dd>\(value)</dd></div>\n"
      })</dl>
      """
  }
}
