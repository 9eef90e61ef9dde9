/// The marker codes of ITU-T T.81, table B.1, as far as framing needs them.
enum JPEGMarker {
  static let prefix: UInt8 = 0xFF
  static let startOfImage: UInt8 = 0xD8
  static let endOfImage: UInt8 = 0xD9
  static let startOfScan: UInt8 = 0xDA

  /// How a walk goes on behind the marker `FF code`.
  enum Kind {
    case startOfImage, endOfImage
    /// A scan's header, then entropy-coded data.
    case scan
    /// A frame's header (SOF).
    case frame
    /// Two length bytes, then the segment's body.
    case segment
    /// The marker stands alone: TEM, RST0 to RST7.
    case alone
    /// Reserved, or no marker at all.
    case invalid
  }

  static func kind(_ code: UInt8) -> Kind {
    switch code {
    case 0xD8: .startOfImage
    case 0xD9: .endOfImage
    case 0xDA: .scan
    // C4 is DHT, C8 is JPG (reserved), CC is DAC.
    case 0xC4, 0xC8, 0xCC: .segment
    case 0xC0...0xCF: .frame
    case 0x01, 0xD0...0xD7: .alone
    case 0x00, 0x02...0xBF, 0xFF: .invalid
    default: .segment
    }
  }

  /// The marker's short name for messages.
  static func name(_ code: UInt8) -> String {
    switch code {
    case 0xC4: "DHT"
    case 0xDA: "SOS"
    case 0xDB: "DQT"
    case 0xDC: "DNL"
    case 0xDD: "DRI"
    case 0xE0...0xEF: "APP\(code - 0xE0)"
    case 0xFE: "COM"
    case 0xC0...0xCF: "SOF\(code - 0xC0)"
    default: "FF" + String(code, radix: 16, uppercase: true)
    }
  }
}
