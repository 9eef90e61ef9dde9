import Foundation
import Testing

/// Writes what `Tests/compare/lowering.py` runs in LiteRT: for each case `N-name.tflite`, three
/// inputs after each other in `N-name.in`, and what our kernels make of them in `N-name.out`.
@Suite struct LoweringFilesTests {
  static let folder = ProcessInfo.processInfo.environment["VEDETTE_LOWERING_FILES"]

  @Test(
    "The files for other runtimes",
    .enabled(if: folder != nil, "VEDETTE_LOWERING_FILES is not set"),
    arguments: [8, 4, 2])
  func write(bits: Int) throws {
    let folder = URL(fileURLWithPath: try #require(LoweringFilesTests.folder))
    for (index, example) in LoweringCase.all.enumerated() {
      let planner = try ReferencePlanner(example.graph, bits: bits)
      let plan = try planner.plan()
      guard bits == 8 || !plan.layers.isEmpty else { continue }
      let file = try LoweredFile(example.graph, plan)
      let words = example.name.split { !$0.isLetter && !$0.isNumber }.joined(separator: "-")
      let url = folder.appendingPathComponent("\(index + 100)-w\(bits)-\(words)")
      try Data(file.bytes).write(to: url.appendingPathExtension("tflite"))
      try Data(planner.inputs.joined().map { UInt8(bitPattern: $0) })
        .write(to: url.appendingPathExtension("in"))
      let outputs = try planner.inputs.map { try file.run($0) }
      try Data(outputs.joined().map { UInt8(bitPattern: $0) })
        .write(to: url.appendingPathExtension("out"))
    }
  }
}
