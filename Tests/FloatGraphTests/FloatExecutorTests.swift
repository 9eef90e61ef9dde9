import Dispatch
import FloatGraph
import Synchronization
import Testing

@Suite("The float executor")
struct FloatExecutorTests {
  /// Branches, a long skip and a constant operand, so that buffers are used again around them.
  private func branched() -> FloatGraph {
    var sketch = GraphSketch(height: 9, width: 7, channels: 4)
    var random = SeededGenerator(seed: 6)
    sketch.constant("map", random.array([1, 9, 7, 1]))
    sketch.convolve("a", ["input"], outputs: 8, channels: 4, kernel: 3, padding: 1, seed: 1)
    sketch.convolve("b", outputs: 8, channels: 8, clip: .relu, seed: 2)
    sketch.convolve("c", outputs: 8, channels: 8, kernel: 3, padding: 1, groups: 8, seed: 3)
    sketch.add("skip", .binary(.add), ["a", "c"])
    sketch.add("gated", .binary(.multiply), ["skip", "map"])
    sketch.add("both", .concatenate(axis: 3), ["gated", "b", "input"])
    sketch.add("unread", .sigmoid, ["both"])
    sketch.add("mean", .mean(axes: [1, 2], keepsDimensions: false), ["both"])
    sketch.add("answer", .softmax)
    return sketch.graph()
  }

  @Test("what is observed of a node is what a graph that ends there answers")
  func observation() throws {
    let graph = branched()
    var random = SeededGenerator(seed: 9)
    let image = random.floats(9 * 7 * 4)
    var executor = try FloatExecutor(graph, height: 9, width: 7)
    var seen: [(value: Int, elements: [Float])] = []
    let answer = executor.run(input: image) { seen.append(($0, Array($1))) }
    #expect(seen.map(\.value) == [graph.input] + graph.nodes.map(\.output))
    #expect(seen[0].elements == image)
    #expect(seen.last?.elements == answer)
    #expect(executor.outputShape == [1, 20])
    for (value, elements) in seen.dropFirst() {
      var shorter = graph
      shorter.output = value
      shorter.nodes.removeAll { $0.output > value }
      var other = try FloatExecutor(shorter, height: 9, width: 7)
      #expect(other.run(input: image) == elements, "\(graph.values[value].name)")
    }
  }

  @Test("a second run gives the same bits")
  func again() throws {
    var random = SeededGenerator(seed: 9)
    let (first, second) = (random.floats(9 * 7 * 4), random.floats(9 * 7 * 4))
    var executor = try FloatExecutor(branched(), height: 9, width: 7)
    let answer = executor.run(input: first)
    #expect(executor.run(input: second) != answer)
    #expect(executor.run(input: first) == answer)
  }

  @Test("executors that share a program run side by side")
  func threads() throws {
    let program = try FloatProgram(branched())
    var random = SeededGenerator(seed: 9)
    let image = random.floats(9 * 7 * 4)
    var executor = try FloatExecutor(program, height: 9, width: 7)
    let expected = executor.run(input: image)
    let answers = Mutex<[[Float]]>([])
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      guard var executor = try? FloatExecutor(program, height: 9, width: 7) else { return }
      let answer = executor.run(input: image)
      answers.withLock { $0.append(answer) }
    }
    #expect(answers.withLock { $0 } == Array(repeating: expected, count: 8))
  }

  @Test("a graph that would fill the memory is refused before anything is allocated")
  func tooLarge() throws {
    var sketch = GraphSketch(height: 1, width: 1, channels: 1)
    for name in ["a", "b", "c", "d"] {
      sketch.add(
        name, .pad(before: [0, 0, 0, 0], after: [0, 16383, 16383, 0], value: 0), ["input"])
    }
    sketch.add("both", .binary(.add), ["a", "b"])
    sketch.add("all", .binary(.add), ["both", "c"])
    sketch.add("sum", .binary(.add), ["all", "d"])
    #expect(throws: FloatGraphError.self) {
      _ = try FloatExecutor(sketch.graph(), height: 1, width: 1)
    }
  }
}
