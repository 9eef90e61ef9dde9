import Journal
import Synchronization
import Testing

@Suite("Notices to the service manager")
struct ServiceNotifierTests {
  private final class Manager: Sendable {
    let datagrams = Mutex<[String]>([])
    let answer: Int32

    init(answer: Int32 = 1) { self.answer = answer }

    var notifier: ServiceNotifier {
      ServiceNotifier { datagram in
        self.datagrams.withLock { $0.append(datagram) }
        return self.answer
      }
    }
  }

  @Test("sends states that belong together in one datagram")
  func together() throws {
    let manager = Manager()
    try manager.notifier.send(.ready, .status("watching /var/lib/vedette/incoming"))
    try manager.notifier.send(.watchdog)
    try manager.notifier.send(.stopping)
    #expect(
      manager.datagrams.withLock { $0 } == [
        "READY=1\nSTATUS=watching /var/lib/vedette/incoming", "WATCHDOG=1", "STOPPING=1",
      ])
  }

  @Test("sends the time of a reload in the same datagram")
  func reload() throws {
    let manager = Manager()
    try manager.notifier.send(.reloading(monotonicMicroseconds: 1_234_567))
    #expect(manager.datagrams.withLock { $0 } == ["RELOADING=1\nMONOTONIC_USEC=1234567"])
  }

  @Test("takes the reload's time from the clock that the manager uses")
  func reloadTime() {
    let states = [ServiceState.reloadingNow, .reloadingNow]
    let times = states.compactMap { state in
      if case .reloading(let microseconds) = state { microseconds } else { nil }
    }
    #expect(times.count == 2)
    #expect(times[0] > 0 && times[0] <= times[1])
  }

  @Test("lets no status line smuggle in another assignment")
  func smuggling() throws {
    let manager = Manager()
    try manager.notifier.send(.status("last frame: x\nMAINPID=1"))
    #expect(manager.datagrams.withLock { $0 } == ["STATUS=last frame: x\\nMAINPID=1"])
  }

  @Test("reports that the manager could not be reached")
  func failure() {
    let notifier = Manager(answer: -111).notifier
    let error = journalError { () throws(JournalError) in try notifier.send(.ready) }
    #expect(error == .system(call: "sd_notify", errno: 111))
  }

  @Test("finds neither a watchdog nor descriptors where no manager started us")
  func nobody() throws {
    #expect(ServiceNotifier.watchdogInterval() == nil)
    #expect(try ServiceNotifier.takeListenFileDescriptors() == [])
  }
}
