import CKernels

/// Which instruction sets the kernels may use.
public struct KernelSelection: Sendable, Hashable {
  /// Bits of `vd_isa`.
  let mask: UInt32

  /// All that this CPU has.
  public static let best = KernelSelection(mask: vd_cpu_isa_mask())
  /// The portable definition.
  public static let scalar = KernelSelection(mask: 1)

  /// The instruction sets up to the one named; nil if there is no such name. One that this CPU
  /// lacks is left out, so the result is always safe to run.
  public init?(upTo name: String) {
    if name == "auto" {
      self = .best
      return
    }
    guard let isa = KernelSelection.all.first(where: { $0.name == name }) else { return nil }
    mask = (vd_cpu_isa_mask() & ((2 << isa.rawValue) - 1)) | 1
  }

  init(mask: UInt32) { self.mask = mask }

  /// Names that ``init(upTo:)`` takes, rising.
  public static var names: [String] { all.map(\.name) }

  private static var all: [(name: String, rawValue: UInt32)] {
    [VD_ISA_SCALAR, VD_ISA_AVX2, VD_ISA_NEON].map {
      (String(cString: vd_isa_name($0)), UInt32($0.rawValue))
    }
  }
}
