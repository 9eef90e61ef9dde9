public import Frames
import Inference
import Vision

/// What the pipeline does: the model, the sources, and when it ends. ``Configuration`` is what a
/// person writes; this is what it comes to.
public struct WatchSettings: Sendable {
  /// Where a pipe's bytes come from.
  public enum Stream: Sendable, Hashable {
    /// A FIFO, opened by its path for reading and writing.
    case fifo(path: String)
    /// An open descriptor, which the pipeline takes over.
    case descriptor(Int32, name: String)

    var name: String {
      switch self {
      case .fifo(let path): path
      case .descriptor(_, let name): name
      }
    }
  }

  public var classifier: Classifier.Settings
  /// The watch folder; nil for none.
  public var folder: SpoolConfiguration?
  /// The pipe; nil for none.
  public var stream: Stream?
  public var streamLimits = StreamSource.Limits()
  /// Ends when the folder has nothing left to classify, instead of waiting for more.
  public var endsWhenDrained = false
  /// The file that all this came from, for the log.
  public var configurationPath = Configuration.defaultPath

  public init(
    classifier: Classifier.Settings, folder: SpoolConfiguration? = nil, stream: Stream? = nil
  ) {
    self.classifier = classifier
    self.folder = folder
    self.stream = stream
  }
}

extension WatchSettings {
  /// What the service's configuration says; the pipe comes from the service manager.
  public init(_ configuration: Configuration, path: String = Configuration.defaultPath) {
    self.init(classifier: Classifier.Settings(configuration))
    configurationPath = path
    let watch = configuration.watch
    if !watch.folder.isEmpty {
      var folder = SpoolConfiguration(incoming: watch.folder)
      folder.work = watch.spool + "/work"
      folder.done = watch.spool + "/done"
      folder.quarantine = watch.spool + "/quarantine"
      folder.after =
        switch watch.after {
        case .delete: .delete
        case .keep: .keep
        case .leave: .leave
        }
      folder.settleTime = watch.settle
      folder.giveUpTime = watch.giveUp
      folder.maximumFileLength = Int64(watch.maximumBytes)
      self.folder = folder
    }
    streamLimits.frameLength = configuration.pipe.maximumBytes
    streamLimits.stallTimeout = configuration.pipe.timeout
  }
}

extension Classifier.Settings {
  /// What the configuration says of the model, the pictures' limits and the kernels.
  public init(_ configuration: Configuration) {
    let model = configuration.model
    let limits = configuration.limits
    var decoding = DecodeLimits()
    decoding.maximumWidth = limits.width
    decoding.maximumHeight = limits.height
    decoding.maximumPixelCount = limits.pixels
    decoding.maximumScans = limits.scans
    decoding.timeLimit = limits.decodeTime
    decoding.maximumByteCount = max(
      configuration.watch.maximumBytes, configuration.pipe.maximumBytes)
    self.init(
      modelPath: configuration.modelPath(),
      labelsPath: model.labels.isEmpty ? nil : model.labels,
      candidateCount: model.top, limits: decoding,
      kernels: KernelSelection(upTo: configuration.kernels.isa.rawValue) ?? .best)
    crop =
      switch model.crop {
      case .auto: .model
      case .center: .center
      case .whole: .whole
      }
  }
}
