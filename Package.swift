// swift-tools-version: 6.0
// Module order, top to bottom: a target imports only targets that stand above it.
// Sources/README.md is the map; Tests/ArchitectureTests keeps this file and the imports to it.
import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A Swift target with the settings that all of ours share.
func module(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, exclude: exclude, swiftSettings: swiftSettings)
}

/// The tests of one module, in Tests/<name>Tests.
func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: dependencies, exclude: exclude,
    swiftSettings: swiftSettings)
}

// The host half reads ONNX and quantises. SwiftProtobuf needs a newer compiler than the 6.0.3 of
// Debian 13, which must build the device half.
#if compiler(>=6.1)
let hostPackages: [Package.Dependency] = [
  .package(url: "https://github.com/apple/swift-protobuf", from: "1.28.0")
]
let hostModules = ["FloatGraph", "ONNX", "Datasets", "Evaluation", "Quantization"]
let hostTargets: [Target] = [
  // host walls
  .target(name: "CFloat"),
  // host values
  module("FloatGraph", ["CFloat", "Tensors"]),
  // host sources
  module(
    "ONNX", ["FloatGraph", "Tensors", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
    exclude: ["onnx.proto"]),
  module("Datasets", ["Tensors", "Model", "Frames", "Vision"]),
  // host measures
  module(
    "Evaluation", ["FloatGraph", "Datasets", "Tensors", "Model", "Inference", "Vision", "CJPEG"]),
  // host
  module(
    "Quantization",
    ["CFloat", "FloatGraph", "Datasets", "Evaluation", "Tensors", "Model", "Inference"]),
  // their tests
  tests("FloatGraph", ["FloatGraph", "CFloat"]),
  tests(
    "ONNX", ["ONNX", "FloatGraph", "Tensors"], exclude: ["Models", "make_models.py"]),
  tests("Datasets", ["Datasets", "Model", "Tensors", "Vision"]),
  tests("Evaluation", ["Evaluation", "FloatGraph", "Datasets", "Model", "Tensors"]),
  tests(
    "Quantization",
    [
      "Quantization", "ONNX", "Evaluation", "FloatGraph", "CFloat", "Datasets", "Model",
      "Inference", "Tensors",
    ]),
]
#else
let hostPackages: [Package.Dependency] = []
let hostModules: [String] = []
let hostTargets: [Target] = []
#endif

let package = Package(
  name: "vedette",
  products: [
    .executable(name: "vedetted", targets: ["vedetted"]),
    .executable(name: "vedette", targets: ["vedette"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ] + hostPackages,
  targets: [
    // C walls
    .target(name: "CKernels"),
    .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
    .target(name: "CTFLite"),
    .systemLibrary(
      name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
    // values
    module("Tensors"),
    // parts
    module("Model", ["CTFLite", "Tensors"]),
    module("Frames", ["Tensors"]),
    module("Journal", ["CSystemd"]),
    // engines
    module("Inference", ["CKernels", "Tensors", "Model"]),
    module("Vision", ["CJPEG", "Tensors", "Model"]),
    // device
    module(
      "Watch", ["CSystemd", "Tensors", "Model", "Frames", "Journal", "Inference", "Vision"]),
    // programs
    .executableTarget(
      name: "vedetted", dependencies: ["Watch", "Journal"], swiftSettings: swiftSettings),
    .executableTarget(
      name: "vedette",
      dependencies: [
        "Watch", "Tensors", "Model", "Frames", "Journal", "Inference", "Vision",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ] + hostModules.map { .target(name: $0) }, swiftSettings: swiftSettings),
    // tests
    .target(
      name: "CKernelsWalk", dependencies: ["CKernels"], path: "Tests/kernels",
      exclude: ["check_kernels.c"]),
    .target(name: "CAllocations", path: "Tests/allocations"),
    tests("CKernels", ["CKernels", "CKernelsWalk"]),
    tests("Tensors", ["Tensors"]),
    tests("Model", ["Model", "CTFLite", "Tensors"]),
    tests("Frames", ["Frames", "Tensors"]),
    tests("Journal", ["Journal"]),
    tests(
      "Inference", ["Inference", "CKernels", "CAllocations", "Model", "Tensors", "Vision"],
      exclude: ["Goldens", "make_goldens.py"]),
    tests("Vision", ["Vision", "CJPEG", "Model", "Tensors"], exclude: ["Fixtures"]),
    tests("Watch", ["Watch", "Model", "Journal", "Frames", "Tensors", "Vision", "Inference"]),
    tests("Command", ["Tensors"], exclude: ["Networks", "make_networks.py"]),
    tests("Architecture", []),
  ] + hostTargets,
  cLanguageStandard: .c11,
  cxxLanguageStandard: .cxx17
)
