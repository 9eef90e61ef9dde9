import FloatGraph
import Tensors

/// The maps that a source which was quantised before gives for activations, as a plan has them.
///
/// Where one gives different maps to values that TensorFlow Lite wants to share one, each keeps its
/// own and the lowering puts a QUANTIZE between them. A value without one takes the widest of its
/// group.
struct GivenRanges {
  /// By value; of a group either all values are there, or none.
  private(set) var quantizations: [Int: Quantization] = [:]
  /// Representatives of groups that the source says nothing of, and nothing else fixes.
  private(set) var missing: [Int] = []

  init(_ graph: FloatGraph, _ groups: ActivationGroups) {
    for representative in groups.representatives where groups.fixed[representative] == nil {
      let members = groups.members[representative] ?? []
      let limit = groups.limits[representative]
      let given = members.map { graph.givenRanges[$0]?.quantization?.within(limit) }
      var widest: Quantization?
      for case .some(let quantization) in given
      where quantization.scale > widest?.scale ?? 0 { widest = quantization }
      guard let widest else {
        missing.append(representative)
        continue
      }
      for (value, quantization) in zip(members, given) {
        quantizations[value] = quantization ?? widest
      }
    }
  }
}

extension Quantization {
  /// The map, or one of the part of its range inside `clip` where it exceeds that by more than the
  /// half step that a plan may (see ``LoweredGraph``).
  fileprivate func within(_ clip: ClipRange?) -> Quantization {
    guard let clip,
      realMinimum < clip.minimum - scale / 2 || realMaximum > clip.maximum + scale / 2
    else { return self }
    return ActivationRange(
      minimum: max(realMinimum, clip.minimum), maximum: min(realMaximum, clip.maximum), clip: clip
    ).quantization
  }
}
