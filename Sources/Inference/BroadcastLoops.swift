import CKernels
import Tensors

/// The loops of an elementwise operation on two shapes: axes that both operands walk alike are one
/// loop, axes of extent 1 none.
struct BroadcastLoops {
  private var loops: [(extent: Int, a: Bool, b: Bool)] = []

  /// Nil if there are more loops than `vd_broadcast` has. `output` is the broadcast shape of the two.
  init?(_ a: Shape, _ b: Shape, _ output: Shape) {
    /// Whether an operand moves along an axis of the output.
    func moves(_ shape: Shape, _ axis: Int) -> Bool {
      let own = axis - (output.rank - shape.rank)
      return own >= 0 && shape[own] > 1
    }
    for axis in 0..<output.rank where output[axis] > 1 {
      let loop = (extent: output[axis], a: moves(a, axis), b: moves(b, axis))
      if let last = loops.last, last.a == loop.a, last.b == loop.b {
        loops[loops.count - 1].extent *= loop.extent
      } else {
        loops.append(loop)
      }
    }
    guard loops.count <= 4 else { return nil }
  }

  /// Whether the operands have the output's elements, each once.
  var isElementwise: Bool { loops.allSatisfy { $0.a && $0.b } }

  var arguments: vd_broadcast {
    let all = Array(repeating: (extent: 1, a: true, b: true), count: 4 - loops.count) + loops
    return vd_broadcast(
      extents: quad(all.map(\.extent)), strides_a: quad(strides(all.map { ($0.extent, $0.a) })),
      strides_b: quad(strides(all.map { ($0.extent, $0.b) })))
  }

  /// Elements between neighbours along each loop; 0 where the operand repeats.
  private func strides(_ loops: [(extent: Int, moves: Bool)]) -> [Int] {
    var step = 1
    var strides: [Int] = []
    for loop in loops.reversed() {
      strides.append(loop.moves ? step : 0)
      if loop.moves { step *= loop.extent }
    }
    return strides.reversed()
  }

  private func quad(_ values: [Int]) -> (Int32, Int32, Int32, Int32) {
    (Int32(values[0]), Int32(values[1]), Int32(values[2]), Int32(values[3]))
  }
}
