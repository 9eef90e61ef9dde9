/// A look at the raw file before it is decoded.
///
/// A message of no fields takes two bytes in the file and a hundred or more when decoded: a file of
/// 2 GiB could ask for all of memory. So the messages are counted first, in the wire format of
/// protobuf (https://protobuf.dev/programming-guides/encoding), without allocating anything.
enum WireCheck {
  /// Far above real models: DenseNet-121 has about 10 000.
  static let maximumMessages = 500_000

  /// The messages that `onnx.proto` declares, with the numbers of the fields that hold others.
  private enum Message {
    case model, graph, node, attribute, tensor, valueInfo, valueType, tensorType, shape, leaf

    func field(_ number: UInt64) -> Message? {
      switch (self, number) {
      case (.model, 7): .graph
      case (.model, 8), (.model, 14): .leaf
      case (.graph, 1): .node
      case (.graph, 5): .tensor
      case (.graph, 11), (.graph, 12): .valueInfo
      case (.node, 5): .attribute
      // Strings are counted as well: an empty one takes two bytes, and 16 in memory.
      case (.node, 1), (.node, 2): .leaf
      case (.attribute, 5): .tensor
      case (.tensor, 13): .leaf
      case (.valueInfo, 2): .valueType
      case (.valueType, 1): .tensorType
      case (.tensorType, 2): .shape
      case (.shape, 1): .leaf
      default: nil
      }
    }
  }

  /// Why these bytes cannot be an ONNX model; nil if they may be one.
  static func refusal(of bytes: [UInt8]) -> String? {
    guard !bytes.isEmpty else { return "it is empty" }
    var count = 0
    return bytes.withUnsafeBytes { buffer in
      do throws(Refusal) {
        try walk(buffer[...], .model, &count)
        return nil
      } catch { return error.why }
    }
  }

  private struct Refusal: Error {
    var why: String
  }

  private static func walk(
    _ bytes: Slice<UnsafeRawBufferPointer>, _ message: Message, _ count: inout Int
  ) throws(Refusal) {
    var rest = bytes
    while !rest.isEmpty {
      let key = try varint(&rest)
      let length: UInt64
      switch key & 7 {
      case 0:
        _ = try varint(&rest)
        continue
      case 1: length = 8
      case 2: length = try varint(&rest)
      case 5: length = 4
      default: throw Refusal(why: "it is not in the format of protocol buffers")
      }
      guard length <= UInt64(rest.count) else {
        throw Refusal(why: "it ends in the middle of a field; is it cut short?")
      }
      let body = rest.prefix(Int(length))
      rest = rest.dropFirst(Int(length))
      guard key & 7 == 2, let inner = message.field(key >> 3) else { continue }
      count += 1
      guard count <= maximumMessages else {
        throw Refusal(why: "it has more than \(maximumMessages) nodes, tensors and names")
      }
      // Strings and entries hold no messages that count.
      if case .leaf = inner { continue }
      try walk(body, inner, &count)
    }
  }

  private static func varint(_ bytes: inout Slice<UnsafeRawBufferPointer>) throws(Refusal) -> UInt64
  {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while let byte = bytes.popFirst() {
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
      guard shift < 64 else {
        throw Refusal(why: "it is not in the format of protocol buffers")
      }
    }
    throw Refusal(why: "it ends in the middle of a field; is it cut short?")
  }
}
