import CKernels
import CKernelsWalk
import Testing

/// The three kinds of kernel that have a dispatch table.
enum Family: UInt32, CaseIterable, CustomTestStringConvertible {
  case convolution, depthwise, fullyConnected

  var walk: vd_walk_family { vd_walk_family(rawValue) }

  /// The rows of the table, scalar first.
  var rows: UnsafeBufferPointer<vd_conv_kernel> {
    var count = 0
    let table =
      switch self {
      case .convolution: vd_conv_kernels(&count)
      case .depthwise: vd_depthwise_kernels(&count)
      case .fullyConnected: vd_fully_connected_kernels(&count)
      }
    return UnsafeBufferPointer(start: table, count: count)
  }

  var testDescription: String {
    switch self {
    case .convolution: "convolution"
    case .depthwise: "depthwise"
    case .fullyConnected: "fully connected"
    }
  }
}

/// Whether this CPU runs kernels of the ISA.
func isSupported(_ isa: vd_isa) -> Bool {
  vd_cpu_isa_mask() & 1 << isa.rawValue != 0
}
