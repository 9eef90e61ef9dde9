/// The settings of the service and of the commands that run its pipeline, each with a default.
///
/// A plain value: ``load(path:)`` makes one from a TOML file, ``renderedTOML()`` prints one. The
/// keys of the file, their comments and their limits stand in one list, `Configuration+Keys.swift`;
/// a setting is one property here and one entry there.
public struct Configuration: Sendable, Hashable {
  public var model = ModelSettings()
  public var watch = WatchSettings()
  public var pipe = PipeSettings()
  public var limits = LimitSettings()
  public var kernels = KernelSettings()

  /// The defaults.
  public init() {}
}

extension Configuration {
  /// Where the service looks for its file. It may be missing: every key has a default.
  public static let defaultPath = "/etc/vedette/vedette.toml"

  /// `[model]`: the network, and what is read off its output.
  public struct ModelSettings: Sendable, Hashable {
    /// The model file; empty for the installed one. ``Configuration/modelPath()`` decides.
    public var path = ""
    /// A text file with a label a line; empty for the labels that come with the model.
    public var labels = ""
    public var crop = Crop.auto
    /// Labels in a detection, the most likely first.
    public var top = 5
  }

  /// `[watch]`: the watched folder and the spool.
  public struct WatchSettings: Sendable, Hashable {
    /// Empty for none.
    public var folder = "/var/lib/vedette/incoming"
    /// Holds `work/`, `done/` and `quarantine/`.
    public var spool = "/var/lib/vedette"
    public var after = After.delete
    /// How long size and modification time must stand still before an unclear file is complete.
    public var settle = Duration.seconds(2)
    /// How long an incomplete file may stay before it is refused.
    public var giveUp = Duration.seconds(60)
    /// Bytes of the largest file.
    public var maximumBytes = 64 << 20
  }

  /// `[pipe]`: frames from the FIFO or from standard input.
  public struct PipeSettings: Sendable, Hashable {
    /// How long a frame that has begun may lack its end while no bytes come.
    public var timeout = Duration.seconds(5)
    /// Bytes of the largest frame.
    public var maximumBytes = 16 << 20
  }

  /// `[limits]`: what a picture may cost before it is refused.
  public struct LimitSettings: Sendable, Hashable {
    /// Pixels in a row.
    public var width = 16_384
    /// Rows.
    public var height = 16_384
    /// Width times height.
    public var pixels = 64_000_000
    /// Passes of a progressive JPEG.
    public var scans = 100
    /// By the clock on the wall.
    public var decodeTime = Duration.seconds(2)
  }

  /// `[kernels]`: how the network is computed. The result is the same.
  public struct KernelSettings: Sendable, Hashable {
    public var isa = InstructionSet.auto
  }

  /// The part of a picture that the network sees.
  public enum Crop: String, Sendable, CaseIterable {
    /// As the model asks.
    case auto
    /// The central square.
    case center
    /// All of it, its aspect ratio not kept.
    case whole
  }

  /// What becomes of a file in the watched folder once its detection is in the journal.
  public enum After: String, Sendable, CaseIterable {
    case delete
    /// Moved to the spool's `done/`.
    case keep
    /// It stays; the folder is only read.
    case leave
  }

  /// The kernels that may be used.
  public enum InstructionSet: String, Sendable, CaseIterable {
    /// The best that the processor has.
    case auto
    /// The portable ones, which define the result.
    case scalar
    case avx2
    case neon
  }
}

extension Configuration {
  /// The file name of the model that is installed with the program.
  public static let defaultModelName = "efficientnet_lite0_224.int8.tflite"
  /// Where models are installed, the local administrator's folder first.
  public static let modelDirectories = [
    "/usr/local/share/vedette/models", "/usr/share/vedette/models",
  ]
  /// The model of a packaged installation.
  public static let defaultModelPath = "/usr/share/vedette/models/" + defaultModelName

  /// The model file to open: the one that is set; else the default model in the first of
  /// ``modelDirectories`` that has it; else ``defaultModelPath``, so that the error names it.
  public func modelPath() -> String {
    guard model.path.isEmpty else { return model.path }
    let installed = Configuration.modelDirectories.map { $0 + "/" + Configuration.defaultModelName }
    return installed.first(where: fileExists) ?? Configuration.defaultModelPath
  }
}
