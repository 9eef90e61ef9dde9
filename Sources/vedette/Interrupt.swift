import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Lets a long work end in order when somebody asks for it: polled between frames, so that files
/// half written are taken away again.
enum Interrupt {
  /// From now on the first SIGINT, SIGTERM or SIGHUP is noted rather than ending the program; a
  /// second one of its kind ends it at once.
  static func install() {
    // Made before a handler may need it: what is made lazily is not made in a signal handler.
    receivedSignal.store(0, ordering: .relaxed)
    // A limit on the size of files (ulimit -f) is an error of write(2) like a full disk: what is half
    // written is taken away.
    signal(SIGXFSZ, SIG_IGN)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      sigemptyset(&action.sa_mask)
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | Int32(SA_RESTART)
      action.__sigaction_handler.sa_handler = { receivedSignal.store($0, ordering: .relaxed) }
      // Ignored from the start, as by nohup, it stays so.
      var former = sigaction()
      sigaction(number, nil, &former)
      let isIgnored = unsafeBitCast(former.__sigaction_handler.sa_handler, to: Int.self) == 1
      if !isIgnored { sigaction(number, &action, nil) }
    }
  }

  /// Whether a signal came.
  static var isRequested: Bool { receivedSignal.load(ordering: .relaxed) != 0 }

  /// How a command ends that was asked to: with the status that shells give to a signal.
  static var failure: CommandFailure {
    CommandFailure(
      message: "interrupted, nothing was written",
      status: 128 + receivedSignal.load(ordering: .relaxed))
  }
}

private let receivedSignal = Atomic<Int32>(0)
