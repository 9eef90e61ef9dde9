import Testing

@Suite("The order of modules")
struct ModuleOrderTests {
  private func order() throws -> ModuleOrder {
    ModuleOrder(readme: try #require(Repository.file("Sources/README.md")).text)
  }

  private func manifest() throws -> PackageManifest {
    PackageManifest(try #require(Repository.file("Package.swift")).text)
  }

  @Test("the table, Package.swift and the folders agree, and targets depend upwards only")
  func table() throws {
    let folders = (Repository.names(in: "Sources") ?? []).filter {
      Repository.names(in: "Sources/" + $0) != nil
    }
    #expect(try order().check(folders: folders, manifest: try manifest()) == [])
    // The manifest is read at all.
    #expect(try manifest().dependencies["Vision"]?.contains("CJPEG") == true)
  }

  @Test("Swift files import upwards only, and only what Package.swift lists")
  func imports() throws {
    #expect(Repository.sources.count > 10)
    #expect(try order().checkImports(Repository.sources, manifest: try manifest()) == [])
  }

  @Test("C files stay inside their walls")
  func includes() throws {
    #expect(try order().checkIncludes(Repository.sources) == [])
  }
}

@Suite("The check of the order of modules can fail")
struct ModuleOrderSelfTests {
  private let order = ModuleOrder(
    readme: """
      # Map
      | Other | table |
      ## Modules
      Text.

      | module | layer | what |
      |---|---|---|
      | CA | wall | a |
      | `CB` | wall | b |
      | Low | values | c |
      | Mid | part | d |
      | Top | program | e |

      ## Later
      | Not | a module | of ours |
      """)

  private let manifest = PackageManifest(
    """
    func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {}
    let package = Package(name: "p", dependencies: [.package(url: "https://x", from: "1.0.0")],
    targets: [
      .target(name: "CA"), // .target(name: "Comment"),
      .target(name: "CB", linkerSettings: [.linkedLibrary("jpeg")]),
      module("Low"),
      module("Mid", ["CA", "Low"]),
      .executableTarget(name: "Top", dependencies: ["Mid", .product(name: "P", package: "p")]),
      .testTarget(name: "TopTests", dependencies: ["Top"]),
    ])
    """)

  private func file(_ path: String, _ text: String) -> RepositoryFile {
    RepositoryFile(path: "Sources/" + path, text: text)
  }

  @Test("the table and the manifest are read")
  func reading() {
    #expect(order.modules == ["CA", "CB", "Low", "Mid", "Top"])
    #expect(order.problems.isEmpty)
    #expect(manifest.dependencies["Mid"] == ["CA", "Low"])
    #expect(manifest.dependencies["Top"]?.prefix(2) == ["Mid", "P"])
    #expect(manifest.dependencies.keys.sorted() == ["CA", "CB", "Low", "Mid", "Top"])
    let folders = ["CA", "CB", "Low", "Mid", "Top"]
    #expect(order.check(folders: folders, manifest: manifest) == [])
  }

  @Test("a folder, a row or a target without the others is found")
  func missing() {
    let found = order.check(
      folders: ["CA", "CB", "Low", "Mid", "New"],
      manifest: PackageManifest(
        #"module("CA"), module("CB"), module("Low"), module("Mid"), module("X")"#))
    #expect(found.count == 4)
    #expect(found.contains { $0.hasPrefix("Sources/New is missing") })
    #expect(
      found.contains { $0.hasPrefix("Top stands in the table") && $0.hasSuffix("not in Sources") })
    #expect(
      found.contains { $0.hasPrefix("Top stands in the table") && $0.hasSuffix("Package.swift") })
    #expect(found.contains { $0.contains("target X is missing") })
  }

  @Test("a table that is missing, split or doubled is found")
  func badTable() {
    #expect(ModuleOrder(readme: "# no table").problems.count == 1)
    let split = ModuleOrder(
      readme: "## Modules\n|m|l|w|\n|-|-|-|\n|A|x|.|\n|B|y|.|\n|C|x|.|\n|A|x|.|\n|D|")
    #expect(split.problems.count == 3)
  }

  @Test(
    "a dependency downwards or sideways is found",
    arguments: [("Low", "Mid"), ("CA", "CB"), ("Mid", "Top"), ("CB", "Top")])
  func dependencies(user: String, used: String) {
    let targets = order.modules.map { name in
      name == user ? "module(\"\(name)\", [\"\(used)\"])" : "module(\"\(name)\")"
    }
    let found = order.check(
      folders: order.modules, manifest: PackageManifest(targets.joined(separator: "\n")))
    #expect(found == ["Package.swift: \(user) depends on \(used), which is not above it"])
  }

  @Test(
    "an import downwards or sideways is found, however it is written",
    arguments: [
      "import Top", "public import Top", "@testable import Top", "internal import struct Top.Thing",
      "@_exported public import Top", "import Low; import Top", "  import Top // why",
      "#if X\nimport Top\n#endif", "/* c */ import Top", "let s = \"//\"\nimport Top",
      "import\tTop",
    ])
  func imports(text: String) {
    let found = order.checkImports([file("Mid/A.swift", text)], manifest: manifest)
    #expect(found == ["Sources/Mid/A.swift: imports Top, which is not above Mid"])
  }

  @Test("an import that Package.swift does not list is found")
  func unlisted() {
    let found = order.checkImports(
      [file("Mid/A.swift", "import CB\nimport CA")], manifest: manifest)
    #expect(found == ["Sources/Mid/A.swift: imports CB, which Package.swift does not list"])
  }

  @Test(
    "what only looks like an import is none",
    arguments: [
      "// import Top", "/* import Top */", "let s = \"\"\"\n  import Top\n  \"\"\"",
      "import TopNotch",
      "let x = important.Top", "import Low", "let s = \"import Top\"", "important Top",
    ])
  func noImports(text: String) {
    #expect(order.checkImports([file("Mid/A.swift", text)], manifest: manifest) == [])
  }

  @Test("a C include across a wall is found")
  func includes() {
    let files = [
      file("CA/include/a.h", ""), file("CB/include/b.h", "#include <stddef.h>"),
      file("CA/a.c", "#include \"a.h\"\n// #include \"b.h\"\n#  include \"../CB/include/b.h\""),
      file("CB/b.cpp", "#include <a.h>\n#include \"b.h\""),
    ]
    let found = order.checkIncludes(files)
    #expect(
      found == [
        "Sources/CA/a.c: includes ../CB/include/b.h of a module that is not above it",
        "Sources/CB/b.cpp: includes a.h of a module that is not above it",
      ])
  }
}
