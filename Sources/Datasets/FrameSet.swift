/// A folder of JPEGs with what is known about each: its class, and fields to group by.
///
/// The frames are sorted by the bytes of their paths, so that everything made from them has one
/// order on every machine. No file is kept open and no picture is held.
public struct FrameSet: Sendable {
  /// One JPEG file.
  public struct Frame: Sendable, Hashable {
    /// To open it.
    public let path: String
    /// Relative to the set's folder.
    public let name: String
    /// Its true class; nil where nobody says.
    public let classIndex: Int?
    /// One value for each of the set's ``FrameSet/fieldNames``; empty where the table of labels
    /// does not name the frame.
    public let fields: [String]

    public init(path: String, name: String, classIndex: Int? = nil, fields: [String] = []) {
      self.path = path
      self.name = name
      self.classIndex = classIndex
      self.fields = fields
    }

    /// The folders above it, relative to the set's; empty for a file in the set's own folder.
    public var folder: String {
      name.lastIndex(of: "/").map { String(name[..<$0]) } ?? ""
    }
  }

  /// Where the classes come from.
  public enum LabelChoice: Sendable, Hashable {
    /// `labels.csv` in the folder if it is there, else the names of the folders in it.
    case automatic
    case table(path: String)
    case folderNames
    case none
  }

  /// Where the classes came from.
  public enum LabelOrigin: Sendable, Hashable {
    case table(path: String)
    case folderNames
    case none
  }

  public let folder: String
  public private(set) var frames: [Frame]
  /// The columns of the table of labels but the file's.
  public let fieldNames: [String]
  public let labelOrigin: LabelOrigin
  public let warnings: [DatasetWarning]

  /// The table that ``LabelChoice/automatic`` looks for.
  public static let tableName = "labels.csv"

  /// Looks through `folder` and the folders in it.
  ///
  /// - Parameter classes: what labels are matched against; nil where there is no model, and then
  ///   only numbers are classes.
  /// - Throws: ``DatasetError``; a set has at least one frame.
  public init(
    folder: String, labels choice: LabelChoice = .automatic, classes: ClassNames? = nil
  ) throws(DatasetError) {
    let listing = try FolderListing(folder)
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    let names = listing.names
    let labelling = try Labelling(choice, folder: prefix, names: names, classes: classes)
    self.folder = folder
    fieldNames = labelling.fieldNames
    labelOrigin = labelling.origin
    frames = names.indices.map { index in
      Frame(
        path: prefix + names[index], name: names[index], classIndex: labelling.classes[index],
        fields: labelling.fields[index])
    }
    var warnings: [DatasetWarning] = []
    if listing.otherCount > 0 {
      warnings.append(.notJPEG(count: listing.otherCount, example: listing.otherExample))
    }
    if listing.linkCount > 0 {
      warnings.append(.notFollowed(count: listing.linkCount, example: listing.linkExample))
    }
    if listing.unprintableCount > 0 {
      warnings.append(.unprintableNames(count: listing.unprintableCount))
    }
    self.warnings = warnings + labelling.warnings
    guard !frames.isEmpty else {
      let others = warnings.map(\.description).joined(separator: "; ")
      throw .noFrames(
        folder: folder, reason: others.isEmpty ? "there is nothing in it" : others)
    }
  }

  /// How many frames have a class.
  public var labelledCount: Int { frames.count { $0.classIndex != nil } }

  /// The place of a field among a frame's ``Frame/fields``.
  public func fieldIndex(_ name: String) throws(DatasetError) -> Int {
    guard let index = fieldNames.firstIndex(of: name) else {
      throw .unknownField(name: name, known: fieldNames)
    }
    return index
  }

  /// The first `count` frames only, in the order of their paths.
  public func prefix(_ count: Int) -> FrameSet {
    var result = self
    result.frames = Array(frames.prefix(max(0, count)))
    return result
  }

  /// `count` frames spread evenly over the set, in the order of their paths; all if there are fewer.
  public func spread(_ count: Int) -> FrameSet {
    guard count < frames.count else { return self }
    var result = self
    result.frames = (0..<max(0, count)).map { frames[$0 * frames.count / count] }
    return result
  }
}
