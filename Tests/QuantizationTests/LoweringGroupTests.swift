import FloatGraph
import Quantization
import Testing

@Suite struct LoweringGroupTests {
  @Test("What moves stored values shares a group; what computes begins a new one")
  func moves() {
    var sketch = Sketch()
    let conv = sketch.mix(0, from: 6, to: 6)
    let pooled = sketch.add(
      .maxPool(FloatWindow(kernelHeight: 2, kernelWidth: 2)), [conv])
    let shuffled = sketch.add(.gather(axis: 3, indices: [1, 0, 2, 3, 4, 5]), [pooled])
    let last = sketch.mix(shuffled, from: 6, to: 2)
    let groups = ActivationGroups(sketch.graph)
    #expect(groups.representatives == [0, conv, last])
    #expect(groups.members[conv] == [conv, pooled, shuffled])
    #expect(groups.representative(of: shuffled) == conv)
    #expect(groups.fixed == [0: .networkInput])
    #expect(groups.limits.isEmpty)
  }

  @Test("All inputs and the output of a concatenation are one group, constants in none")
  func concatenation() {
    var sketch = Sketch()
    let a = sketch.mix(0, from: 6, to: 6)
    let constant = sketch.constant([6])
    let b = sketch.add(.binary(.add), [a, constant])
    let both = sketch.add(.concatenate(axis: 3), [b, a])
    let groups = ActivationGroups(sketch.graph)
    #expect(groups.representatives == [0, a])
    #expect(groups.members[a] == [a, b, both])
  }

  @Test("A sigmoid fixes the group of what only moves it")
  func fixedGroup() {
    var sketch = Sketch()
    let gate = sketch.add(.sigmoid, [0])
    let row = sketch.add(.reshape(to: [1, -1]), [gate])
    let groups = ActivationGroups(sketch.graph)
    #expect(groups.members[gate] == [gate, row])
    #expect(groups.fixed[gate] == .probabilities)
  }

  @Test("A sigmoid or the input that meets another value in a concatenation is a group of its own")
  func fixedMeetsFree() {
    var sketch = Sketch()
    let gate = sketch.add(.sigmoid, [0])
    let other = sketch.mix(0, from: 6, to: 6)
    let all = sketch.add(.concatenate(axis: 3), [gate, other, 0])
    let groups = ActivationGroups(sketch.graph)
    #expect(groups.members == [0: [0], gate: [gate], other: [other, all]])
    #expect(groups.fixed == [0: .networkInput, gate: .probabilities])
  }

  @Test("Two sigmoids that are concatenated stay what they are")
  func fixedMeetsFixed() {
    var sketch = Sketch()
    let a = sketch.add(.sigmoid, [0])
    let b = sketch.add(.softmax, [0])
    let both = sketch.add(.concatenate(axis: 3), [a, b])
    let groups = ActivationGroups(sketch.graph)
    #expect(groups.members[a] == [a, b, both])
    #expect(groups.fixed[a] == .probabilities)
  }

  @Test("A clamp that only the range expresses limits its group, and leaves one it would limit")
  func limits() {
    let clamp = ClipRange(minimum: 0, maximum: 3)
    var sketch = Sketch()
    let a = sketch.mix(0, from: 6, to: 6, clip: clamp)
    let moved = sketch.add(.transpose(permutation: [0, 2, 1, 3]), [a])
    var groups = ActivationGroups(sketch.graph)
    #expect(groups.members[a] == [a, moved])
    #expect(groups.limits == [a: clamp])

    let b = sketch.mix(0, from: 6, to: 6, clip: .relu)
    let back = sketch.add(.transpose(permutation: [0, 2, 1, 3]), [moved])
    let both = sketch.add(.concatenate(axis: 3), [back, b])
    groups = ActivationGroups(sketch.graph)
    #expect(groups.members[a] == [a])
    #expect(groups.members[moved] == [moved, b, back, both])
    #expect(groups.limits == [a: clamp])
  }

  @Test("A move with such a clamp does not limit what it reads")
  func clampedMove() {
    let clamp = ClipRange(minimum: -1, maximum: 1)
    var sketch = Sketch()
    let a = sketch.mix(0, from: 6, to: 6)
    let b = sketch.mix(0, from: 6, to: 6)
    let both = sketch.add(.concatenate(axis: 3), [a, b], clip: clamp)
    let groups = ActivationGroups(sketch.graph)
    #expect(groups.members == [0: [0], a: [a, b], both: [both]])
    #expect(groups.limits == [both: clamp])
  }
}
