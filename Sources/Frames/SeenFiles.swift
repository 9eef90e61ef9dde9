/// The files that were taken from a folder from which nothing is ever removed; bounded.
///
/// When it is full, the older half (by modification time) is forgotten, and from then on every
/// file as old as those counts as seen: so a folder with more files than this gives each new file
/// once, and never the old ones again and again.
struct SeenFiles {
  let capacity: Int
  private var identities: Set<FileIdentity> = []
  private var floor = Int64.min

  init(capacity: Int) {
    precondition(capacity >= 2, "half of the capacity must be at least one file")
    self.capacity = capacity
  }

  var count: Int { identities.count }

  /// Whether files were forgotten, so that new files with an old modification time are not taken.
  var isLossy: Bool { floor > .min }

  func contains(_ identity: FileIdentity) -> Bool {
    identity.modifiedNanoseconds <= floor || identities.contains(identity)
  }

  mutating func insert(_ identity: FileIdentity) {
    identities.insert(identity)
    guard identities.count > capacity else { return }
    let byAge = identities.sorted { $0.modifiedNanoseconds < $1.modifiedNanoseconds }
    floor = max(floor, byAge[capacity / 2].modifiedNanoseconds)
    identities = identities.filter { $0.modifiedNanoseconds > floor }
  }

  /// Forgets the files that are no longer there.
  mutating func keep(only present: Set<FileIdentity>) { identities.formIntersection(present) }
}
