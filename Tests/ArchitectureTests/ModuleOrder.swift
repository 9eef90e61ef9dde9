/// The order of modules, as the table below "## Modules" in Sources/README.md draws it.
///
/// Its rows are `| module | layer | … |`. A layer is a run of rows; a module may use the modules of
/// the layers above its own.
struct ModuleOrder {
  static let heading = "## Modules"

  /// The modules, top to bottom.
  private(set) var modules: [String] = []
  /// What is wrong with the table itself.
  private(set) var problems: [String] = []
  private var layers: [String] = []
  private var layerOfModule: [String: Int] = [:]

  init(readme: String) {
    let lines = readme.split(separator: "\n", omittingEmptySubsequences: false)
    let section = lines.drop { $0 != ModuleOrder.heading }.dropFirst().prefix { !$0.hasPrefix("#") }
    let rows = section.filter { $0.hasPrefix("|") }
    for row in rows.dropFirst(2) {  // the names of the columns, and the rule below them
      let cells = row.split(separator: "|").map { $0.filter { $0 != " " && $0 != "`" } }
      guard cells.count >= 3 else {
        problems.append("Sources/README.md: not a row of a module: \(row)")
        continue
      }
      add(module: cells[0], layer: cells[1])
    }
    if modules.isEmpty {
      problems.append("Sources/README.md: no table below '\(ModuleOrder.heading)'")
    }
  }

  private mutating func add(module: String, layer: String) {
    if layers.last != layer {
      if layers.contains(layer) {
        problems.append("Sources/README.md: the rows of layer '\(layer)' do not stand together")
      }
      layers.append(layer)
    }
    if layerOfModule[module] != nil { problems.append("Sources/README.md: \(module) stands twice") }
    modules.append(module)
    layerOfModule[module] = layers.count - 1
  }

  func contains(_ name: String) -> Bool { layerOfModule[name] != nil }

  /// Whether `user` may use `used`. True if one of them is not a module of ours.
  func allows(_ user: String, toUse used: String) -> Bool {
    guard user != used, let below = layerOfModule[user], let above = layerOfModule[used] else {
      return true
    }
    return above < below
  }

  /// The differences between the table and what there is in Sources/ and in Package.swift.
  func check(folders: [String], manifest: PackageManifest) -> [String] {
    var found = problems
    for folder in folders where !contains(folder) {
      found.append("Sources/\(folder) is missing in the table of Sources/README.md")
    }
    for module in modules where !folders.contains(module) {
      found.append("\(module) stands in the table of Sources/README.md, but not in Sources")
    }
    for module in modules where manifest.dependencies[module] == nil {
      found.append("\(module) stands in the table of Sources/README.md, but not in Package.swift")
    }
    for (target, dependencies) in manifest.dependencies.sorted(by: { $0.key < $1.key }) {
      if !contains(target) {
        found.append("Package.swift: target \(target) is missing in the table")
      }
      for dependency in dependencies where !allows(target, toUse: dependency) {
        found.append("Package.swift: \(target) depends on \(dependency), which is not above it")
      }
    }
    return found
  }

  /// Imports against the order, or of modules that the target does not list in Package.swift.
  func checkImports(_ files: [RepositoryFile], manifest: PackageManifest) -> [String] {
    files.filter(\.isSwift).flatMap { file in
      file.source.imports.compactMap { used -> String? in
        guard contains(used), used != file.module else { return nil }
        if !allows(file.module, toUse: used) {
          return "\(file.path): imports \(used), which is not above \(file.module)"
        }
        let isListed = manifest.dependencies[file.module]?.contains(used) ?? false
        return isListed ? nil : "\(file.path): imports \(used), which Package.swift does not list"
      }
    }
  }

  /// C files that include a header of a module that is not above theirs.
  func checkIncludes(_ files: [RepositoryFile]) -> [String] {
    let headers = files.filter(\.isC)
    func name(_ path: String) -> Substring { path.split(separator: "/").last ?? "" }
    let owners = Dictionary(grouping: headers, by: { name($0.path) }).mapValues {
      Set($0.map(\.module))
    }
    return headers.flatMap { file in
      file.source.includes.compactMap { path -> String? in
        guard let modules = owners[name(path)], !modules.contains(file.module) else { return nil }
        let isAllowed = modules.contains { allows(file.module, toUse: $0) }
        return isAllowed ? nil : "\(file.path): includes \(path) of a module that is not above it"
      }
    }
  }
}
