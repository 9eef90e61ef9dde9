/// The name that someone who wrote `name` probably meant, or nil if none is near.
///
/// Near is one that ends in the same part (a key in the wrong table), else one that is at most two
/// edits away, or a third of the last part's length. Case does not count.
func nearest(to name: String, among candidates: [String]) -> String? {
  guard name.utf8.count <= longestGuess else { return nil }
  let wanted = name.lowercased()
  guard let last = wanted.split(separator: ".").last else { return nil }
  if let moved = candidates.first(where: { $0.split(separator: ".").last == last }) { return moved }
  let best =
    candidates
    .map { (candidate: $0, edits: editDistance(wanted, $0)) }
    .min { $0.edits < $1.edits }
  guard let best, best.edits <= max(2, last.utf8.count / 3) else { return nil }
  return best.candidate
}

/// Bytes of the longest name that a guess is made for: it bounds the cost, and nobody misspells a
/// key into more.
private let longestGuess = 64

/// Insertions, deletions, replacements and exchanges of neighbours that make `a` into `b`: the
/// restricted Damerau-Levenshtein distance, counted in bytes. Cost: the product of the lengths.
func editDistance(_ a: String, _ b: String) -> Int {
  let a = Array(a.utf8)
  let b = Array(b.utf8)
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in 0..<a.count {
    var row = [Int](repeating: i + 1, count: b.count + 1)
    for j in 0..<b.count {
      let replaced = last[j] + (a[i] == b[j] ? 0 : 1)
      row[j + 1] = min(replaced, last[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1)
      }
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
