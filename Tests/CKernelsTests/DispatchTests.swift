import CKernels
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("Choosing a kernel")
struct DispatchTests {
  @Test("Each table begins with the scalar row and rises in ISA", arguments: Family.allCases)
  func tableOrder(family: Family) {
    let rows = family.rows
    #expect(rows[0].isa == VD_ISA_SCALAR)
    for (lower, upper) in zip(rows, rows.dropFirst()) {
      #expect(lower.isa.rawValue < upper.isa.rawValue)
    }
    for row in rows {
      #expect(String(cString: row.name).hasSuffix("_" + String(cString: vd_isa_name(row.isa))))
    }
  }

  @Test("The best kernel is the last one that the mask allows", arguments: Family.allCases)
  func bestKernel(family: Family) {
    let rows = family.rows
    for row in rows {
      let upToRow = UInt32(1) << (row.isa.rawValue + 1) - 1
      #expect(best(family, mask: upToRow, window(channels: 8, filter: 8))?.isa == row.isa)
    }
    #expect(best(family, mask: 0, window(channels: 8, filter: 8))?.isa == VD_ISA_SCALAR)
    #expect(best(family, mask: 1, window(channels: 8, filter: 8))?.isa == VD_ISA_SCALAR)
  }

  @Test("Shapes without a fast path fall back to scalar")
  func unsupportedShapes() {
    let grouped = window(channels: 8, filter: 4)
    #expect(best(.convolution, mask: .max, grouped)?.isa == VD_ISA_SCALAR)
    var multiplied = window(channels: 8, filter: 1)
    multiplied.out_c = 16
    #expect(best(.depthwise, mask: .max, multiplied)?.isa == VD_ISA_SCALAR)
  }

  @Test("The CPU's mask always holds scalar, and NEON on 64-bit Arm only")
  func baseline() {
    #expect(isSupported(VD_ISA_SCALAR))
    #if arch(arm64)
    #expect(isSupported(VD_ISA_NEON))
    #else
    #expect(!isSupported(VD_ISA_NEON))
    #endif
  }

  #if os(Linux) && arch(x86_64)
  @Test("The mask holds AVX2 when the kernel lists it")
  func avx2AsTheKernelSees() throws {
    let file = try #require(fopen("/proc/cpuinfo", "r"))
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 1 << 14)
    var flags: [Substring] = []
    while flags.isEmpty, fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
      if text.hasPrefix("flags") { flags = text.split { $0 == " " || $0 == "\n" } }
    }
    try #require(!flags.isEmpty)
    #expect(isSupported(VD_ISA_AVX2) == flags.contains("avx2"))
  }
  #endif

  private func window(channels: Int32, filter: Int32) -> vd_window {
    vd_window(
      in_h: 4, in_w: 4, in_c: channels, out_h: 4, out_w: 4, out_c: channels, kernel_h: 1,
      kernel_w: 1, stride_h: 1, stride_w: 1, dilation_h: 1, dilation_w: 1, pad_top: 0,
      pad_left: 0, filter_c: filter)
  }

  private func best(_ family: Family, mask: UInt32, _ window: vd_window) -> vd_conv_kernel? {
    var window = window
    let rows = family.rows
    return rows.baseAddress.map { vd_best_kernel($0, rows.count, mask, &window).pointee }
  }
}
