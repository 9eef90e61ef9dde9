/// A table whose columns can be sorted where scripts run, and which is complete where they do not.
struct HTMLTable {
  struct Column {
    var title: Markup
    /// Right-aligned, with figures of one width, and sorted as numbers.
    var isNumber: Bool
    /// What the column is, shown when one rests on its title.
    var help: String

    init(_ title: Markup, number: Bool = true, help: String = "") {
      self.title = title
      isNumber = number
      self.help = help
    }
  }

  /// What stands in a cell and what it is sorted by.
  struct Cell {
    var content: Markup
    /// Nil: by its text; for numbers that means last.
    var key: Double?
    var style = ""

    init(_ content: Markup, key: Double? = nil, style: String = "") {
      self.content = content
      self.key = key
      self.style = style
    }

    /// A name from outside.
    static func name(_ text: String) -> Cell { Cell("<bdi>\(text)</bdi>") }

    static func number(_ text: String, _ key: Double?, style: String = "") -> Cell {
      Cell("\(text)", key: key, style: style)
    }
  }

  var columns: [Column]
  var rows: [(cells: [Cell], style: String)] = []
  /// Rows from this one on are hidden until asked for; nil: all are seen.
  var visible: Int?
  var style = ""

  init(_ columns: [Column], visible: Int? = nil, style: String = "") {
    self.columns = columns
    self.visible = visible
    self.style = style
  }

  mutating func add(_ cells: [Cell], style: String = "") {
    precondition(cells.count == columns.count, "a row has a cell for each column")
    rows.append((cells, style))
  }

  /// The table without the columns in which no row says anything; the first one stays.
  func withoutEmptyColumns() -> HTMLTable {
    let empty: Set<Markup> = ["", "\(Figure.unknown)"]
    let kept = columns.indices.filter { index in
      index == 0 || rows.contains { !empty.contains($0.cells[index].content) }
    }
    var table = HTMLTable(kept.map { columns[$0] }, visible: visible, style: style)
    for row in rows { table.add(kept.map { row.cells[$0] }, style: row.style) }
    return table
  }

  /// - Parameter caption: for those who hear the page; the text around says it to the others.
  func markup(caption: String) -> Markup {
    let head = columns.map { column -> Markup in
      let help: Markup = column.help.isEmpty ? "" : " title=\"\(column.help)\""
      return """
        <th scope="col"\(Markup(trusted: column.isNumber ? " class=\"n\"" : ""))\(help)>\
        \(column.title)</th>
        """
    }
    let shown = rows.prefix(HTMLReport.maximumRows)
    let body = shown.map { row -> Markup in
      let cells = zip(row.cells, columns).enumerated().map { index, pair -> Markup in
        let (cell, column) = pair
        var names = column.isNumber ? ["n"] : []
        if !cell.style.isEmpty { names.append(cell.style) }
        let key: Markup =
          column.isNumber ? " data-v=\"\(cell.key.map { Figure.plain($0, 6) } ?? "")\"" : ""
        let nameList: Markup = names.isEmpty ? "" : " class=\"\(names.joined(separator: " "))\""
        return index == 0
          ? "<th scope=\"row\"\(nameList)\(key)>\(cell.content)</th>"
          : "<td\(nameList)\(key)>\(cell.content)</td>"
      }
      let style: Markup = row.style.isEmpty ? "" : " class=\"\(row.style)\""
      return "<tr\(style)>\(cells)</tr>\n"
    }
    let fold: Markup = visible.map { rows.count > $0 ? " data-fold=\"\($0)\"" : "" } ?? ""
    let left = rows.count - shown.count
    let rest: Markup =
      left > 0 ? "<p class=\"note\">\(Figure.count(left)) more rows are left out.</p>" : ""
    return """
      <div class="scroll" tabindex="0" role="region" aria-label="\(caption)">\
      <table class="sortable \(style)"\(fold)><caption>\(caption)</caption>
      <thead><tr>\(head)</tr></thead>
      <tbody>
      \(Array(body))</tbody></table></div>\(rest)
      """
  }
}
