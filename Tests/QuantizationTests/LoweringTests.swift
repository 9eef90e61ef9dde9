import FloatGraph
import Inference
import Model
import Quantization
import Tensors
import Testing

@Suite struct LoweringTests {
  @Test(
    "Each operation, lowered, gives in the device's kernels what its definition says",
    arguments: LoweringCase.all)
  func runs(_ example: LoweringCase) throws {
    let planner = try ReferencePlanner(example.graph)
    let plan = try planner.plan()
    let file = try LoweredFile(example.graph, plan)
    let output = try #require(plan.activations[example.graph.output])
    var expected: [Double] = []
    var actual: [Double] = []
    for (stored, evaluation) in zip(planner.inputs, planner.evaluations) {
      expected += evaluation.values[example.graph.output]
      actual += try file.run(stored).map(output.real)
    }
    #expect(actual.count == expected.count)
    #expect(sqnr(expected, actual) >= 25)
  }
}
