/// How a watch folder is served; every value has a default but the folder itself.
public struct SpoolConfiguration: Sendable, Hashable {
  /// What becomes of a file whose frame is finished.
  public enum Disposal: String, Sendable, CaseIterable {
    /// It is deleted.
    case delete
    /// It is moved to `done`.
    case keep
    /// It stays where it is and nothing is ever moved or written: the folder may be read-only.
    /// What was seen is remembered only while the daemon runs; after a restart the files that are
    /// still there are taken again, with the same FRAME_IDs.
    case leave
  }

  /// Where pictures are dropped.
  public var incoming: String
  /// Where a frame lies while it is worked on; on the same file system as `incoming`.
  public var work: String
  /// Where finished files go with `after = .keep`.
  public var done: String
  /// Where refused files go, each with a `.reason` beside it.
  public var quarantine: String
  public var after = Disposal.delete

  /// A file that nobody has closed or renamed is looked into when it has not changed for so long.
  public var settleTime = Duration.seconds(2)
  /// An unfinished picture is refused when it has not changed for so long; a scanner may close a
  /// file and open it again seconds later.
  public var giveUpTime = Duration.seconds(60)
  /// The same where the writer has closed the file: scanners were seen to open it again after up to
  /// 4 seconds, none later.
  public var closedGiveUpTime = Duration.seconds(10)
  /// How often the folder is compared with what the events told; one stat() where nothing changed.
  public var reconcileInterval = Duration.seconds(60)
  /// How often the folder is listed where it sends no events.
  public var pollInterval = Duration.seconds(1)
  /// Lists at `pollInterval` even where the file system would send events.
  public var alwaysPolls = false

  /// A larger file is refused unread, in bytes.
  public var maximumFileLength: Int64 = 64 << 20
  /// The file name extensions that are taken, in lower case, without the dot.
  public var extensions: Set<String> = ["jpg", "jpeg", "jpe", "jfif"]
  /// Files that are kept in mind at once, about 200 bytes each; the folder may hold any number,
  /// it is listed again when half of these are through.
  public var maximumTrackedFiles = 8192
  /// A file whose frame took the daemon down so many times is refused.
  public var maximumAttempts = 2

  /// The watch folder at `incoming`, with `work`, `done` and `quarantine` beside it.
  public init(incoming: String) {
    self.incoming = incoming
    var parent = incoming[...]
    while parent.count > 1, parent.last == "/" { parent.removeLast() }
    if let slash = parent.lastIndex(of: "/") {
      parent = parent[...slash]
    } else {
      parent = ""
    }
    work = parent + "work"
    done = parent + "done"
    quarantine = parent + "quarantine"
  }
}

/// What a file's name says about it.
enum NameVerdict: Equatable {
  case take
  /// Somebody is still writing it; it will come under another name.
  case temporary
  case ignore(String)
}

extension SpoolConfiguration {
  /// Judges a file by its name alone.
  func verdict(on name: FileName) -> NameVerdict {
    let bytes = name.bytes
    // rsync, lsyncd, Syncthing and file managers write under names like these and rename.
    if bytes.first == UInt8(ascii: ".") || bytes.last == UInt8(ascii: "~") { return .temporary }
    let suffix = name.lowercasedExtension
    if extensions.contains(suffix) { return .take }
    if ["part", "partial", "tmp", "filepart", "crdownload"].contains(suffix) { return .temporary }
    return .ignore(
      suffix.isEmpty ? "the name has no extension" : "the extension is not one of a JPEG")
  }
}
