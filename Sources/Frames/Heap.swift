/// A binary heap: the smallest element first. Adding and taking cost O(log n).
struct Heap<Element: Comparable> {
  private var elements: [Element] = []

  init() {}

  /// Orders `elements` in O(n).
  init(_ elements: [Element]) {
    self.elements = elements
    for index in stride(from: elements.count / 2 - 1, through: 0, by: -1) { sink(index) }
  }

  var count: Int { elements.count }
  var first: Element? { elements.first }

  mutating func insert(_ element: Element) {
    elements.append(element)
    var index = elements.count - 1
    while index > 0, elements[index] < elements[(index - 1) / 2] {
      elements.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  mutating func removeFirst() -> Element? {
    guard let last = elements.popLast() else { return nil }
    guard let first = elements.first else { return last }
    elements[0] = last
    sink(0)
    return first
  }

  /// The heap of those elements for which `isIncluded` holds.
  func filter(_ isIncluded: (Element) -> Bool) -> Heap { Heap(elements.filter(isIncluded)) }

  private mutating func sink(_ start: Int) {
    var index = start
    while true {
      var smallest = index
      for child in [2 * index + 1, 2 * index + 2]
      where child < elements.count && elements[child] < elements[smallest] {
        smallest = child
      }
      guard smallest != index else { return }
      elements.swapAt(index, smallest)
      index = smallest
    }
  }
}
