/// The kind of an entry: one random 128-bit ID each, as `systemd-id128 new` makes them.
///
/// `journalctl MESSAGE_ID=…` finds all entries of a kind, and `journalctl -x` explains them with
/// the text that `deploy/vedette.catalog` has under the same ID; a test compares the two. An ID
/// is never given to another kind, also not after its kind is gone.
public enum MessageID: String, CaseIterable, Sendable {
  /// A frame was classified.
  case detection = "4b6f859d724b4ba98891fcb9cb170f85"
  /// A frame was there and could not be classified; the entry says why and where it went.
  case frameRefused = "27106801cb604d5195aa1596e9c463e3"
  /// A frame was given up before it was looked at, or half of it never came.
  case frameDropped = "2009fa71195c4ac4b7ac8a67a72ec12a"
  /// A frame that an earlier run left unfinished is taken up again.
  case frameRecovered = "6908df1152d04238b8820b2560f6c4fb"

  /// The kernel dropped folder events; the folder was listed again instead.
  case sourceOverflow = "c8cfc7c523d74b4da299fff768273977"
  /// The folder gives no events, so it is listed at intervals.
  case sourcePolling = "a4dba0170d584cd6a04efb772aa996b9"
  /// A source cannot be read at all: the folder is gone, or may not be listed.
  case sourceLost = "6d20bbc1814e4ecda86e9c5e44f9d623"
  /// A source that was lost is back.
  case sourceRecovered = "20f6c49dd873435e8bf49692d4d81a2c"
  /// A frame's file cannot be claimed, moved or deleted: a full disk, a wrong owner.
  case spoolTrouble = "9c3dc77d19c945898c262dfe3cc8add6"

  case modelLoaded = "1a57a632478444c783a8b76d8e10fce1"
  case modelRefused = "5410034e6076498bb7ba614deba3dc8a"
  case configurationReloaded = "393ca2a438a24993bdc58b721cb3b2be"
  case configurationRefused = "5c11ec98643d42ad812f3c45ad175cbe"

  /// The service takes frames from now on.
  case serviceReady = "836c772d3ce94d48a029141eeb9b91e3"
  /// The service's last entry, with its totals.
  case serviceStopped = "d9666a2184424468888f7e7a52007a59"
  /// The pipeline made no progress, so the watchdog is no longer fed.
  case pipelineStalled = "f40142fc78454eac9ff847bcdea746ee"

  /// Entries of ours that never reached the journal, counted.
  case entriesLost = "903db10fe3404f3bba8c4e8f17baa622"
  /// Notices of one kind that were held back because there were too many, counted.
  case noticesSuppressed = "631899da0a154f7985f22dfbe4ce5778"
}
