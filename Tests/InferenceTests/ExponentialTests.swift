import Inference
import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("The exponential")
struct ExponentialTests {
  @Test("is within 1e-13 of the C library's, from 0 down to where a double has no room")
  func accuracy() {
    var random = SeededGenerator(seed: 7)
    var worst = 0.0
    for index in 0..<20_000 {
      let x = index < 10_000 ? -Double(index) * 0.0699 : Double.random(in: -699...0, using: &random)
      let expected = exp(x)
      worst = max(worst, abs(deterministicExponential(x) - expected) / expected)
    }
    print("exponential: relative error at most \(worst)")
    #expect(worst > 0 && worst < 1e-13)
  }

  @Test("has ends")
  func ends() {
    #expect(deterministicExponential(0) == 1)
    #expect(deterministicExponential(-0.0) == 1)
    #expect(deterministicExponential(5) == 1)
    #expect(deterministicExponential(-700) == 0)
    #expect(deterministicExponential(-.infinity) == 0)
    #expect(deterministicExponential(.nan) == 0)
    #expect(deterministicExponential(-699.9) > 0)
  }

  // round(2^23 * e^(-d/8)) in Python: decimal.Decimal(-d / 8).exp() with 50 digits.
  @Test("gives the softmax's table")
  func table() {
    let table = exponentialTable(step: 0.125)
    #expect(table.count == 256)
    let known: [(Int, UInt32)] = [
      (0, 8388608), (1, 7402921), (2, 6533054), (8, 3085996), (50, 16194), (100, 31), (127, 1),
      (128, 1), (255, 0),
    ]
    for (index, value) in known { #expect(table[index] == value, "entry \(index)") }
    #expect(zip(table, table.dropFirst()).allSatisfy { $0 >= $1 })
    let bytes = table.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    let digest = hexadecimal(SHA256.hash(bytes))
    #expect(digest == "0a74e446705729d211c382ca5c9d555741c7f34123af1bf113b6bd9c9adb0e55")
  }
}
