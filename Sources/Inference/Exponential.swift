/// e^x for x <= 0 from IEEE additions, multiplications and divisions alone, each of which every
/// machine rounds alike. The C library's exp differs between libraries and CPUs in the last bit,
/// and a softmax must not.
///
/// Relative error below 1e-14. Below -700 the result is 0.
package func deterministicExponential(_ x: Double) -> Double {
  guard x > -700 else { return 0 }
  guard x < 0 else { return 1 }
  // x = -n ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts, so that n * high is exact.
  let ln2High = 0x1.62e42feep-1
  let ln2Low = 0x1.a39ef35793c76p-33
  let n = (x / (ln2High + ln2Low)).rounded()
  let r = (x - n * ln2High) - n * ln2Low
  // Taylor's series in Horner's form; |r|^14 / 14! < 1e-17.
  var sum = 1.0
  for k in stride(from: 13, through: 1, by: -1) {
    sum = 1 + sum * r / Double(k)
  }
  return sum * Double(sign: .plus, exponent: Int(n), significand: 1)
}

/// exp(-d * step) for d = 0...255 as integers, 2^23 standing for 1: what `vd_softmax_s8` reads.
package func exponentialTable(step: Double) -> [UInt32] {
  (0..<256).map { UInt32((deterministicExponential(-Double($0) * step) * 8_388_608).rounded()) }
}
