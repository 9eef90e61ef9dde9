import Journal
import Testing

@Suite("The rate limiter")
struct RateLimiterTests {
  private func limiter() -> RateLimiter {
    RateLimiter(burst: 3, refill: .seconds(10), window: .seconds(30))
  }

  private func admitted(
    _ limiter: inout RateLimiter, _ messageID: MessageID, times: Int, at now: Duration
  ) -> Int {
    (0..<times).filter { _ in limiter.admit(messageID, at: now) }.count
  }

  @Test("lets a burst through, then one for each refill")
  func burst() {
    var limiter = limiter()
    let counts = [0, 9, 10, 19, 20, 1000].map {
      admitted(&limiter, .frameRefused, times: 5, at: .seconds($0))
    }
    #expect(counts == [3, 0, 1, 0, 1, 3])
  }

  @Test("counts each kind for itself")
  func kinds() {
    var limiter = limiter()
    let refused = admitted(&limiter, .frameRefused, times: 100, at: .zero)
    let dropped = admitted(&limiter, .frameDropped, times: 2, at: .zero)
    #expect((refused, dropped) == (3, 2))
  }

  @Test("closes what it held back with one summary a window")
  func summary() {
    var limiter = limiter()
    let before = limiter.nextSummary
    _ = admitted(&limiter, .frameRefused, times: 10, at: .seconds(5))
    let due = limiter.nextSummary
    let early = limiter.takeSummaries(at: .seconds(34))
    let summaries = limiter.takeSummaries(at: .seconds(35))
    let again = limiter.takeSummaries(at: .seconds(70))
    #expect(before == nil)
    #expect(due == .seconds(35))
    #expect(early == [])
    #expect(summaries.map(\.count) == [7])
    #expect(summaries.map(\.messageID) == [.frameRefused])
    #expect(again == [])
  }

  @Test("tells everything when it closes, with the time that it covers")
  func closing() throws {
    var limiter = limiter()
    _ = admitted(&limiter, .sourceOverflow, times: 5, at: .zero)
    let summary = try #require(limiter.takeSummaries(at: .seconds(12), isClosing: true).first)
    let entry = summary.entry(about: "folder events were lost")
    #expect(entry.message == "2 more in 12 s: folder events were lost")
    #expect(MessageID.noticesSuppressed.isComplete(entry))
    #expect(entry.first(.count) == "2")
    #expect(entry.first(.suppressedMessageID) == MessageID.sourceOverflow.rawValue)
  }

  @Test("gives no credit for a clock that stands or goes back")
  func clock() {
    var limiter = limiter()
    _ = admitted(&limiter, .frameRefused, times: 3, at: .seconds(100))
    let back = admitted(&limiter, .frameRefused, times: 3, at: .seconds(50))
    let same = admitted(&limiter, .frameRefused, times: 3, at: .seconds(100))
    #expect((back, same) == (0, 0))
  }
}
