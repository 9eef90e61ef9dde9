// libFuzzer entry to the ONNX reader. README.md says how it is built and run.
import FloatGraph
import ONNX

/// Reads `size` bytes as a model; stops the program where the reader breaks a promise.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  let graph: FloatGraph
  do throws(ONNXError) {
    graph = try ONNXModel(bytes: bytes, path: "fuzz.onnx")
      .graph(options: ImportOptions(height: 6, width: 7))
  } catch {
    precondition(!error.description.isEmpty, "a refusal without a reason")
    return 0
  }
  var known = Set(graph.values.indices.filter { graph.values[$0].constant != nil })
  known.insert(graph.input)
  for node in graph.nodes {
    precondition(known.isSuperset(of: node.inputs), "a node reads what is not there yet")
    precondition(known.insert(node.output).inserted, "a value has two makers")
  }
  precondition(known.contains(graph.output), "nobody computes the output")
  let extents = graph.inputExtents
  guard !graph.nodes.isEmpty else { return 0 }
  do throws(FloatGraphError) {
    let shapes = try graph.shapes(height: extents.height, width: extents.width)
    precondition(shapes.count == graph.values.count, "values without a shape")
  } catch {
    preconditionFailure("the graph does not take the size that it was imported for: \(error)")
  }
  return 0
}
