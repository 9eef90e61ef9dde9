// The service: configuration in, detections to the journal. Everything else is in module Watch.
import Journal
import Watch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

exit(serve(Array(CommandLine.arguments.dropFirst())))
