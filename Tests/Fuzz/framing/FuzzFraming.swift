// A libFuzzer target for the JPEG walk and the stream splitter. Build and run it from the root:
//
//   swiftc -O -parse-as-library -sanitize=fuzzer,address -package-name vedette \
//     -o .build/fuzz-framing Sources/Tensors/SHA256.swift Sources/Frames/JPEG*.swift \
//     Sources/Frames/FrameRefusal.swift Tests/Fuzz/framing/FuzzFraming.swift
//   .build/fuzz-framing -max_total_time=60 CORPUS
//
// The same properties run on seeded mutations in JPEGStreamSplitterTests.

/// What goes in comes out, whole or in two portions: the same frames, and every byte counted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFraming(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = UnsafeRawBufferPointer(start: start, count: count)
  if case .complete(let length) = JPEGFraming.extent(of: input) {
    precondition(length >= 4 && length <= count, "an end outside the file")
  }
  // The first byte chooses the limit and where the input is cut.
  guard let choice = input.first else { return 0 }
  let limit = choice & 1 == 0 ? 64 : 1 << 20
  let cut = count * Int(choice >> 1) / 128
  let whole = split([input], limit)
  let halves = split(
    [
      UnsafeRawBufferPointer(rebasing: input[..<cut]),
      UnsafeRawBufferPointer(rebasing: input[cut...]),
    ], limit)
  precondition(whole.frames == halves.frames, "the portions change the frames")
  precondition(whole.counted == count && halves.counted == count, "bytes were lost or invented")
  return 0
}

private func split(
  _ portions: [UnsafeRawBufferPointer], _ limit: Int
) -> (frames: [[UInt8]], counted: Int) {
  var splitter = JPEGStreamSplitter(maximumFrameLength: limit)
  var frames: [[UInt8]] = []
  var counted = 0
  for event in portions.flatMap({ splitter.push($0) }) + splitter.finish() {
    switch event {
    case .frame(let bytes):
      frames.append(bytes)
      counted += bytes.count
    case .refused(_, let bytes), .discarded(let bytes): counted += bytes
    }
  }
  return (frames, counted)
}
