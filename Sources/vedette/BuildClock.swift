#if canImport(Evaluation)
import Evaluation
import Frames
import Inference
import Model
import Tensors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Measures builds in turns: each runs once a round, so that a machine that slows down or is
/// disturbed slows them all.
struct BuildClock {
  /// A network with its buffers. A class, because what cannot be copied cannot be in an array.
  private final class Runner {
    var network: Network
    var input: Tensor
    var output: Tensor

    init(_ path: String, _ kernels: KernelSelection) throws {
      let network = try plan(try loadModel(path), kernels)
      input = Tensor(network.input)
      output = Tensor(network.output)
      self.network = network
      input.withUnsafeMutableBytes { bytes in
        // Not zeros: what a kernel may skip must not flatter it.
        for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* 37 % 61) }
      }
    }

    func run() -> Duration {
      let start = MonotonicTime.now()
      network.run(input: input, output: &output)
      return MonotonicTime.now() - start
    }
  }

  /// Enough for caches and a clock that rises with the load.
  private static let warmupRounds = 3

  private let runners: [Runner]

  init(_ paths: [String], _ kernels: KernelSelection) throws {
    runners = try paths.map { try Runner($0, kernels) }
  }

  /// For each build the median and the 95th percentile of its runs.
  func measure(rounds: Int, isCancelled: () -> Bool) throws -> [ReportTiming] {
    var times = [[Double]](repeating: [], count: runners.count)
    for round in 0..<rounds + BuildClock.warmupRounds {
      if isCancelled() { break }
      for (index, runner) in runners.enumerated() {
        let time = runner.run() / .milliseconds(1)
        if round >= BuildClock.warmupRounds { times[index].append(time) }
      }
    }
    return times.map { times in
      let sorted = times.sorted()
      guard !sorted.isEmpty else { return ReportTiming(median: .nan, p95: .nan) }
      return ReportTiming(
        median: sorted[sorted.count / 2],
        p95: sorted[min(sorted.count - 1, sorted.count * 95 / 100)])
    }
  }

  /// What it was measured on.
  func machine(rounds: Int) -> ReportMachine {
    ReportMachine(
      processor: BuildClock.processorName(), instructionSet: runners.first?.network.isaName ?? "",
      threadCount: runners.first?.network.threadCount ?? 1, roundCount: rounds)
  }

  /// The processor as the kernel names it; on boards whose processors have no name, the board.
  private static func processorName() -> String {
    let descriptor = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "unknown processor" }
    defer { close(descriptor) }
    // The first processor's part and, on Arm, the board's at the end: 64 KiB hold many cores.
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    var count = 0
    while count < bytes.count {
      let got = bytes.withUnsafeMutableBytes {
        read(descriptor, $0.baseAddress.map { $0 + count }, $0.count - count)
      }
      if got < 0 && errno == EINTR { continue }
      if got <= 0 { break }
      count += got
    }
    let lines = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n")
    for key in ["model name", "Model", "Hardware"] {
      for line in lines where line.hasPrefix(key) {
        let parts = line.split(separator: ":", maxSplits: 1)
        let value = parts.last?.split(separator: " ").joined(separator: " ") ?? ""
        if parts.count == 2, !value.isEmpty { return value }
      }
    }
    return "unknown processor"
  }
}
#endif
