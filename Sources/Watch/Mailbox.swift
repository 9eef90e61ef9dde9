import Journal
import Synchronization

/// A bounded queue between two threads whose receiver can sleep on it or watch its descriptor.
///
/// A class, because both threads hold it; its state is behind a mutex.
package final class Mailbox<Element: Sendable>: Sendable {
  private let elements = Mutex<[Element]>([])
  private let signal: EventDescriptor
  private let capacity: Int

  /// - Throws: ``WatchError/system(reason:)`` where no descriptor is left.
  package init(capacity: Int) throws(WatchError) {
    self.capacity = capacity
    do throws(JournalError) {
      signal = try EventDescriptor()
    } catch {
      throw .system(reason: error.description)
    }
  }

  /// Readable when something was posted; for an event loop that then calls ``takeAll()``.
  package var fileDescriptor: Int32 { signal.descriptor }

  /// Adds an element; false if the mailbox is full, and then it was not added.
  @discardableResult
  package func post(_ element: Element) -> Bool {
    let added = elements.withLock { elements in
      guard elements.count < capacity else { return false }
      elements.append(element)
      return true
    }
    if added { signal.signal() }
    return added
  }

  /// Takes the oldest element; waits if there is none.
  package func take() -> Element {
    while true {
      if let element = elements.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
        return element
      }
      signal.wait()
    }
  }

  /// Takes all elements, oldest first, and does not wait.
  package func takeAll() -> [Element] {
    signal.consume()
    return elements.withLock { elements in
      defer { elements.removeAll(keepingCapacity: true) }
      return elements
    }
  }
}
