import Inference
import Testing

@Suite("Memory plan")
struct MemoryPlanTests {
  @Test("Tensors that live at the same time never overlap", arguments: 1...50)
  func disjoint(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let lifetimes = (0..<40).map { tensor in
      let first = Int.random(in: 0..<30, using: &random)
      return MemoryPlan.Lifetime(
        tensor: tensor, byteCount: Int.random(in: 1...5000, using: &random), firstStep: first,
        lastStep: first + Int.random(in: 0...5, using: &random))
    }
    let plan = MemoryPlan(lifetimes)
    for a in lifetimes {
      let start = plan.offsets[a.tensor] ?? -1
      #expect(start >= 0 && start % MemoryPlan.alignment == 0)
      #expect(start + a.byteCount <= plan.byteCount)
      for b in lifetimes where b.tensor > a.tensor {
        let other = plan.offsets[b.tensor] ?? -1
        let together = a.firstStep <= b.lastStep && b.firstStep <= a.lastStep
        let apart = start + a.byteCount <= other || other + b.byteCount <= start
        #expect(!together || apart)
      }
    }
  }

  @Test("A chain needs the memory of its two largest neighbours")
  func chain() {
    let sizes = [640, 6400, 1280, 320]
    let plan = MemoryPlan(
      sizes.enumerated().map {
        .init(
          tensor: $0.offset, byteCount: $0.element, firstStep: $0.offset, lastStep: $0.offset + 1)
      })
    #expect(plan.byteCount == 6400 + 1280)
  }
}
