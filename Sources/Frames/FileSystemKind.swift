#if canImport(Glibc)
import Glibc
#endif

/// The type of the file system that a folder lies on, as far as it tells whether events are whole.
package enum FileSystemKind {
  /// File systems that others can write to without this kernel noticing: their folders send events
  /// only for what local processes do, and a probe with a local file would not find that out.
  private static let remote: Set<String> = [
    "9p", "afs", "ceph", "cifs", "coda", "davfs", "fuse", "gfs2", "glusterfs", "lustre", "ncpfs",
    "nfs", "nfs4", "ocfs2", "prl_fs", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs",
  ]

  /// Whether a file system of this type must be polled.
  package static func needsPolling(_ type: String) -> Bool {
    // "fuse.sshfs" and the like; "fuseblk" is a local disk (NTFS, exFAT).
    remote.contains(type) || type.hasPrefix("fuse.")
  }

  /// The type's name in /proc/self/mountinfo of the mount that `descriptor` was opened on; nil
  /// where /proc is not there.
  ///
  /// Not statfs(): its header is none of those that the compiler imports of the C library.
  static func type(of descriptor: CInt) -> String? {
    guard let info = readText("/proc/self/fdinfo/\(descriptor)"),
      let mount = mountID(inFDInfo: info),
      let mounts = readText("/proc/self/mountinfo")
    else { return nil }
    return type(ofMount: mount, inMountInfo: mounts)
  }

  /// The value of the line `mnt_id:` of a file in /proc/self/fdinfo.
  package static func mountID(inFDInfo text: String) -> String? {
    for line in text.split(separator: "\n") where line.hasPrefix("mnt_id:") {
      return line.dropFirst(7).split(whereSeparator: \.isWhitespace).first.map(String.init)
    }
    return nil
  }

  /// The type in the line of this mount. proc(5): the fields before "-" vary in number, the one
  /// behind it is the type.
  package static func type(ofMount id: String, inMountInfo text: String) -> String? {
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard let first = fields.first, first == id else { continue }
      guard let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { return nil }
      return String(fields[dash + 1])
    }
    return nil
  }

  /// A file of /proc, up to 1 MiB of it.
  private static func readText(_ path: String) -> String? {
    guard let file = try? FileHandle(path: path, flags: O_RDONLY),
      let bytes = try? file.readAll(limit: 1 << 20)
    else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
