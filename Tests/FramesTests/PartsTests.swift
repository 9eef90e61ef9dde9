import Frames
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("The parts of the sources")
struct PartsTests {
  @Test("The heap gives its elements in order", arguments: 0..<20)
  func heap(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let numbers = (0..<Int.random(in: 0...200, using: &random)).map { _ in
      Int.random(in: 0...50, using: &random)
    }
    let half = numbers.count / 2
    var heap = Heap(Array(numbers[..<half]))
    for number in numbers[half...] { heap.insert(number) }
    heap = heap.filter { $0 != 7 }
    var sorted: [Int] = []
    while let number = heap.removeFirst() { sorted.append(number) }
    #expect(sorted == numbers.filter { $0 != 7 }.sorted())
  }

  @Test("inotify's bytes are read within their bounds, cut anywhere")
  func inotifyEvents() {
    func event(_ watch: Int32, _ mask: Int, _ name: [UInt8], padding: Int) -> [UInt8] {
      var bytes: [UInt8] = []
      for word in [UInt32(bitPattern: watch), UInt32(mask), 0, UInt32(name.count + padding)] {
        withUnsafeBytes(of: word) { bytes += $0 }
      }
      return bytes + name + [UInt8](repeating: 0, count: padding)
    }
    let bytes =
      event(3, 0x80, Array("x.jpg".utf8), padding: 11) + event(-1, 0x4000, [], padding: 0)
      + event(3, 0x400, [], padding: 16)
    let expected = [
      InotifyEvent(watch: 3, mask: 0x80, name: FileName("x.jpg")),
      InotifyEvent(watch: -1, mask: 0x4000, name: nil),
      InotifyEvent(watch: 3, mask: 0x400, name: nil),
    ]
    #expect(bytes.withUnsafeBytes { InotifyEvent.parse($0) } == expected)
    for length in 0..<bytes.count {
      let events = Array(bytes[..<length]).withUnsafeBytes { InotifyEvent.parse($0) }
      #expect(events == Array(expected.prefix(length < 32 ? 0 : length < 48 ? 1 : 2)))
    }
    let lying = [UInt8](repeating: 0xFF, count: 64)
    #expect(lying.withUnsafeBytes { InotifyEvent.parse($0) }.isEmpty)
  }

  @Test("The file system's type is found by the mount")
  func fileSystemType() {
    let mounts = """
      22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
      40 22 0:50 / /mnt/a rw - nfs4 server:/a rw
      41 22 0:51 / /mnt/b rw shared:2 master:1 - fuse.sshfs x@y: rw
      """
    #expect(FileSystemKind.type(ofMount: "22", inMountInfo: mounts) == "ext4")
    #expect(FileSystemKind.type(ofMount: "40", inMountInfo: mounts) == "nfs4")
    #expect(FileSystemKind.type(ofMount: "41", inMountInfo: mounts) == "fuse.sshfs")
    #expect(FileSystemKind.type(ofMount: "4", inMountInfo: mounts) == nil)
    #expect(FileSystemKind.mountID(inFDInfo: "pos:\t0\nflags:\t02\nmnt_id:\t41\n") == "41")
    for type in ["nfs", "nfs4", "cifs", "smb3", "9p", "vboxsf", "fuse.sshfs"] {
      #expect(FileSystemKind.needsPolling(type))
    }
    for type in ["ext4", "btrfs", "vfat", "fuseblk", "tmpfs", "overlay"] {
      #expect(!FileSystemKind.needsPolling(type))
    }
  }

  @Test("A folder that cannot be watched is polled, and the notice names the limit to raise")
  func reasons() throws {
    #expect(FolderSpool.reasonForPolling(EMFILE).contains("fs.inotify.max_user_instances"))
    #expect(FolderSpool.reasonForPolling(ENOSPC).contains("fs.inotify.max_user_watches"))
    let fixture = SpoolFixture()
    var spool = try fixture.start()
    spool.poll(why: FolderSpool.reasonForPolling(ENOSPC), .start)
    spool.poll(why: FolderSpool.reasonForPolling(ENOSPC), .start)
    let notices = spool.drainNotices()
    #expect(notices == [.polling(why: FolderSpool.reasonForPolling(ENOSPC))])
    fixture.renameIn("x.jpg")
    spool.expire(now: .start + .seconds(1))
    spool.expire(now: .start + .seconds(2))
    let frames = try claimAll(&spool, .start + .seconds(2))
    #expect(frames.count == 1)
  }

  @Test("Times saturate instead of overflowing, and timers never fire early")
  func times() {
    let late = MonotonicTime(nanoseconds: .max - 5)
    #expect(late + .seconds(1) == MonotonicTime(nanoseconds: .max))
    #expect(MonotonicTime(nanoseconds: 1).microsecondsRoundedUp == 1)
    #expect(MonotonicTime(nanoseconds: 2000).microsecondsRoundedUp == 2)
    #expect((.start + .milliseconds(1500)) - .start == .milliseconds(1500))
    #expect(MonotonicTime.now() <= MonotonicTime.now())
  }

  @Test("A file name is bytes without NUL and slash")
  func names() {
    #expect(FileName("") == nil && FileName(".") == nil && FileName("..") == nil)
    #expect(FileName("a/b") == nil && FileName([0x61, 0]) == nil)
    #expect(FileName(String(repeating: "a", count: 256)) == nil)
    #expect(FileName("größe.jpg")?.printable == "größe.jpg")
    #expect(FileName([0xC3])?.printable == "\\xc3")
  }
}
