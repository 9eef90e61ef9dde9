/// The forms that one layer may take in the file, with what each one costs: what the search for
/// mixed precision chooses from.
public struct LayerCandidates: Sendable {
  /// In the order of the bits asked for.
  public var forms: [RoundedLayer]
  /// The mean squared output of the float layer, summed over channels; nil without rows.
  public var outputPower: Double?

  /// Rounds a layer to each of `bits`.
  public init(_ rounding: LayerRounding, bits: [Int], method: RoundingMethod) {
    forms = bits.map { rounding.rounded(bits: $0, by: method) }
    let statistics = rounding.gate ?? rounding.fit
    outputPower = statistics?.outputPower(
      of: rounding.layer, workers: rounding.workers, centered: true)
  }

  /// The predicted error of each form's output (on held-out rows where there are any), as a share
  /// of the output's variance: comparable between layers. Nil without rows, or without signal.
  public var relativeErrors: [Double]? {
    guard let outputPower, outputPower > 0 else { return nil }
    let errors = forms.compactMap { $0.gateError ?? $0.fitError }
    return errors.count == forms.count ? errors.map { $0 / outputPower } : nil
  }

  /// The forms as choices, their cost `weight` times the relative error.
  public func choices(weight: Double = 1) -> [MixedAllocation.Choice]? {
    relativeErrors.map { errors in
      forms.indices.map {
        MixedAllocation.Choice(
          bits: forms[$0].bits, bytes: forms[$0].storedBytes, cost: weight * errors[$0])
      }
    }
  }
}
