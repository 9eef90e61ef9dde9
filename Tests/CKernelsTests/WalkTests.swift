import CKernels
import CKernelsWalk
import Testing

/// Every row of every dispatch table against the scalar row: random shapes and extreme values, guard
/// pages around every buffer, rows computed at once or in parts. Tests/kernels holds the walk itself.
@Suite("Kernels equal the scalar ones bit for bit")
struct WalkTests {
  static let seed: UInt64 = 20_260_101
  static let shapes: Int32 = 300

  @Test("scalar, in parts and between guard pages", arguments: Family.allCases)
  func scalar(family: Family) throws { try walk(family, VD_ISA_SCALAR) }

  @Test(
    "AVX2", .enabled(if: isSupported(VD_ISA_AVX2), "this CPU has no AVX2"),
    arguments: Family.allCases)
  func avx2(family: Family) throws { try walk(family, VD_ISA_AVX2) }

  @Test(
    "NEON", .enabled(if: isSupported(VD_ISA_NEON), "this CPU has no NEON"),
    arguments: Family.allCases)
  func neon(family: Family) throws { try walk(family, VD_ISA_NEON) }

  @Test("Residual addition equals 64-bit arithmetic, in place too")
  func addition() {
    var message = [CChar](repeating: 0, count: 512)
    let isGood = vd_walk_add(Self.seed, 4000, &message, message.count) != 0
    #expect(isGood, "seed \(Self.seed): \(text(message))")
  }

  @Test("Kernels that work on elements or move them equal their formulas", arguments: 0..<7)
  func elements(kernel: Int) throws {
    let name = String(cString: try #require(vd_walk_element_name(kernel)))
    print("walk of \(name): seed \(Self.seed)")
    var message = [CChar](repeating: 0, count: 512)
    let isGood = vd_walk_element(kernel, Self.seed, 1500, &message, message.count) != 0
    #expect(isGood, "seed \(Self.seed): \(text(message))")
    #expect(vd_walk_element_name(7) == nil, "the arguments name all kernels")
  }

  private func walk(_ family: Family, _ isa: vd_isa) throws {
    let row = try #require(family.rows.firstIndex { $0.isa == isa })
    // A read outside a buffer ends the process, so the seed has to be out before.
    print("walk of \(String(cString: family.rows[row].name)): seed \(Self.seed)")
    var message = [CChar](repeating: 0, count: 512)
    let isGood =
      vd_walk_kernel(family.walk, row, Self.seed, Self.shapes, &message, message.count) != 0
    #expect(isGood, "seed \(Self.seed): \(text(message))")
  }

  private func text(_ message: [CChar]) -> String {
    String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
