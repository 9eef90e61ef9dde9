import ArgumentParser
import Inference
import Journal
import Model
import Tensors
import Watch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// `vedette bench`: how fast this machine is.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures on this machine.",
    subcommands: [BenchModelCommand.self])
}

/// `vedette bench model`: the network's time, run after run.
struct BenchModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Measures one run of the network, input and output in memory.",
    discussion: """
      EXAMPLES
        vedette bench model m.tflite
        vedette bench model m.tflite --runs 200 --warmup 20 --json
      """)

  @Argument(help: ArgumentHelp("An int8 TensorFlow Lite file.", valueName: "model"))
  var model: String?

  @Option(help: ArgumentHelp("Threads that compute together.", valueName: "count"))
  var threads = 1

  @Option(help: ArgumentHelp("Measured runs.", valueName: "count")) var runs = 50

  @Option(help: ArgumentHelp("Runs before those.", valueName: "count")) var warmup = 5

  @Flag(help: "Print a JSON object.") var json = false

  @OptionGroup var kernels: KernelOptions

  func validate() throws {
    guard (1...256).contains(threads) else {
      throw ValidationError("--threads takes a number from 1 to 256")
    }
    guard (1...1_000_000).contains(runs), (0...1_000_000).contains(warmup) else {
      throw ValidationError("--runs takes 1 to 1000000, --warmup 0 to 1000000")
    }
  }

  func run() throws {
    let path = model ?? Configuration().modelPath()
    let file = try loadModel(path)
    var network = try plan(file, kernels.selection, threads: threads)
    var input = Tensor(network.input)
    var output = Tensor(network.output)
    input.withUnsafeMutableBytes { bytes in
      // Not zeros: what a kernel may skip must not flatter it. Any float of these bytes is finite.
      for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index &* 37 % 61) }
    }
    var wall: [Double] = []
    var cpu: [Double] = []
    for run in 0..<warmup + runs {
      let before = (clock(CLOCK_MONOTONIC), clock(CLOCK_PROCESS_CPUTIME_ID))
      network.run(input: input, output: &output)
      let after = (clock(CLOCK_MONOTONIC), clock(CLOCK_PROCESS_CPUTIME_ID))
      if run >= warmup {
        wall.append(after.0 - before.0)
        cpu.append(after.1 - before.1)
      }
    }
    if json {
      printData(
        JSONText.object([
          ("model", .string(path)), ("threads", .integer(network.threadCount)),
          ("isa", .string(network.isaName)), ("macs", .integer(network.macCount)),
          ("wall_ms", .array(wall.map { .decimal($0, digits: 4) })),
          ("cpu_ms", .array(cpu.map { .decimal($0, digits: 4) })),
        ]).description)
      return
    }
    let sorted = wall.sorted()
    let median = sorted[sorted.count / 2]
    printData(
      "\(path): \(network.isaName), \(network.threadCount) thread(s), \(runs) runs: "
        + "median \(decimalText(median, places: 2)) ms, least \(decimalText(sorted[0], places: 2)) ms, "
        + "\(decimalText(Double(network.macCount) / median / 1e6, places: 1)) GMAC/s")
  }

  /// Milliseconds of a clock.
  private func clock(_ id: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(id, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
  }
}
