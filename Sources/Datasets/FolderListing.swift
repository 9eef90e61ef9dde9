#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The JPEG files below a folder, and what else was there.
///
/// Hidden files and folders are passed over. Folders are entered, links to folders are not; a link
/// to a file counts where that file lies inside the folder.
struct FolderListing {
  /// Paths relative to the folder, sorted by their bytes.
  private(set) var names: [String] = []
  private(set) var otherCount = 0
  private(set) var otherExample = ""
  private(set) var linkCount = 0
  private(set) var linkExample = ""
  private(set) var unprintableCount = 0

  /// A path takes some 100 bytes: a gigabyte of names.
  static let maximumCount = 10_000_000
  /// Deeper than any set of frames; keeps paths short of PATH_MAX.
  static let maximumDepth = 32

  private let root: String
  private let realRoot: String

  init(_ folder: String) throws(DatasetError) {
    root = folder
    var status = stat()
    guard stat(folder, &status) == 0 else {
      throw .unreadable(path: folder, reason: systemReason())
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw .notAFolder(path: folder) }
    guard let real = resolved(folder) else {
      throw .unreadable(path: folder, reason: systemReason())
    }
    realRoot = real == "/" ? "" : real
    var pending = [(name: "", depth: 0)]
    while let (name, depth) = pending.popLast() {
      for child in try list(name) {
        if try take(child), depth < FolderListing.maximumDepth {
          pending.append((child, depth + 1))
        }
      }
    }
    names.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private func path(_ name: String) -> String {
    guard !name.isEmpty else { return root }
    return root.hasSuffix("/") ? root + name : root + "/" + name
  }

  /// The relative names of what one folder holds, hidden things left out.
  private mutating func list(_ folder: String) throws(DatasetError) -> [String] {
    guard let stream = opendir(path(folder)) else {
      throw .unreadable(path: path(folder), reason: systemReason())
    }
    defer { closedir(stream) }
    var children: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name: String? = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: tuple.pointee))
        { String(validatingCString: $0) }
      }
      guard let name else {
        unprintableCount += 1
        continue
      }
      if !name.hasPrefix(".") { children.append(folder.isEmpty ? name : folder + "/" + name) }
    }
    guard errno == 0 else { throw .unreadable(path: path(folder), reason: systemReason()) }
    return children
  }

  /// Counts one entry; true if it is a folder to enter.
  private mutating func take(_ name: String) throws(DatasetError) -> Bool {
    var status = stat()
    // One that went away since it was listed is no concern of ours.
    guard lstat(path(name), &status) == 0 else { return false }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return true
    case S_IFREG: try keep(name)
    case S_IFLNK where leadsInside(name): try keep(name)
    default:
      linkCount += 1
      if linkCount == 1 || name < linkExample { linkExample = name }
    }
    return false
  }

  private func leadsInside(_ name: String) -> Bool {
    var status = stat()
    guard stat(path(name), &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let target = resolved(path(name))
    else { return false }
    return target.hasPrefix(realRoot + "/")
  }

  private mutating func keep(_ name: String) throws(DatasetError) {
    // The table of labels is where it belongs.
    if name == FrameSet.tableName { return }
    guard isNamedLikeJPEG(name) || FileBytes.startsLikeJPEG(path(name)) else {
      otherCount += 1
      if otherCount == 1 || name < otherExample { otherExample = name }
      return
    }
    guard names.count < FolderListing.maximumCount else {
      throw .tooLarge(
        path: root, reason: "more than \(FolderListing.maximumCount) frames; name a part of it")
    }
    names.append(name)
  }
}

private func isNamedLikeJPEG(_ name: String) -> Bool {
  guard let dot = name.lastIndex(of: ".") else { return false }
  return ["jpg", "jpeg", "jpe", "jfif"].contains(name[name.index(after: dot)...].lowercased())
}

/// The absolute path without links; nil where there is none.
private func resolved(_ path: String) -> String? {
  guard let pointer = realpath(path, nil) else { return nil }
  defer { free(pointer) }
  return String(validatingCString: pointer)
}

/// The C library's text for the last error.
func systemReason() -> String { String(cString: strerror(errno)) }
