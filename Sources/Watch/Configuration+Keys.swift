extension Configuration {
  /// Every key that there is, in the file's order. To add one: a property in ``Configuration``
  /// and an entry here; then write the reference file anew (`ConfigurationReferenceTests`).
  static var sections: [ConfigurationSection] {
    [
      ConfigurationSection(
        "model", "The network.",
        [
          ConfigurationKey(
            "path", \.model.path, .path(empty: "the default model"),
            """
            An int8 TensorFlow Lite file. The default model is \(defaultModelName)
            in \(modelDirectories.joined(separator: " or ")).
            """),
          ConfigurationKey(
            "labels", \.model.labels, .path(empty: "the model's own labels"),
            "A text file with one label a line, in the order of the network's outputs."),
          ConfigurationKey(
            "crop", \.model.crop, .word,
            """
            The part of a picture that the network sees: as the model asks, the central square,
            or all of it, squeezed into a square.
            """),
          ConfigurationKey(
            "top", \.model.top, .integer(1...10),
            "How many labels a detection names, the most likely first."),
        ]),
      ConfigurationSection(
        "watch", "The watched folder, and the spool through which its files go.",
        [
          ConfigurationKey(
            "folder", \.watch.folder, .path(empty: "no folder"),
            "JPEG files that appear here are classified."),
          ConfigurationKey(
            "spool", \.watch.spool, .path(),
            """
            Holds work/ (claimed), done/ (kept) and quarantine/ (refused, with the reason).
            On the same file system as the folder: files are claimed by renaming.
            """),
          ConfigurationKey(
            "after", \.watch.after, .word,
            """
            What becomes of a file once its detection is in the journal: deleted, moved to done/,
            or left where it is (then nothing in the folder is ever changed).
            """),
          ConfigurationKey(
            "settle", \.watch.settle, .duration(.milliseconds(10) ... .seconds(3600)),
            """
            A file that its writer has not closed counts as complete when its size and
            modification time have stood still for this long.
            """),
          ConfigurationKey(
            "give-up", \.watch.giveUp, .duration(.milliseconds(100) ... .seconds(86_400)),
            "A file that is still incomplete after this long is refused. Not below settle."),
          ConfigurationKey(
            "max-bytes", \.watch.maximumBytes, .bytes((1 << 10)...(1 << 30)),
            "Larger files are refused."),
        ]),
      ConfigurationSection(
        "pipe",
        """
        Frames from the FIFO (vedette.socket). A change here takes effect at the next start, not
        at a reload.
        """,
        [
          ConfigurationKey(
            "timeout", \.pipe.timeout, .duration(.milliseconds(10) ... .seconds(3600)),
            "A frame that has begun is dropped when no more bytes come for this long."),
          ConfigurationKey(
            "max-bytes", \.pipe.maximumBytes, .bytes((1 << 10)...(1 << 30)),
            "Longer frames are skipped."),
        ]),
      ConfigurationSection(
        "limits",
        "What a picture may cost; one that asks for more is refused.",
        [
          ConfigurationKey(
            "width", \.limits.width, .integer(1...largestSide), "Columns of pixels."),
          ConfigurationKey(
            "height", \.limits.height, .integer(1...largestSide), "Rows of pixels."),
          ConfigurationKey(
            "pixels", \.limits.pixels, .count(1...largestSide * largestSide),
            "Width times height."),
          ConfigurationKey(
            "scans", \.limits.scans, .integer(1...10_000),
            "Passes over the picture that a progressive JPEG may ask for."),
          ConfigurationKey(
            "decode-time", \.limits.decodeTime, .duration(.milliseconds(10) ... .seconds(600)),
            "A picture that takes longer to decode is refused."),
        ]),
      ConfigurationSection(
        "kernels", "How the network is computed.",
        [
          ConfigurationKey(
            "isa", \.kernels.isa, .word,
            """
            The instruction set; "auto" is the best that the processor has. All give the same
            results, bit for bit: the others are for comparing.
            """)
        ]),
    ]
  }

  /// What must hold between keys. The defaults keep all of it.
  static var rules: [ConfigurationRule] {
    [
      ConfigurationRule(
        ["watch.give-up", "watch.settle"], "'watch.give-up' must not be below 'watch.settle'"
      ) { $0.watch.giveUp >= $0.watch.settle },
      ConfigurationRule(
        ["watch.folder", "watch.spool"],
        "'watch.folder' is one of the spool's own folders: its files would be claimed again"
      ) { configuration in
        let folder = withoutTrailingSlash(configuration.watch.folder)
        let spool = withoutTrailingSlash(configuration.watch.spool)
        return !["work", "done", "quarantine"].contains { folder == "\(spool)/\($0)" }
      },
    ]
  }

  /// The most pixels a side that libjpeg decodes (its JPEG_MAX_DIMENSION).
  static let largestSide = 65_500
}

private func withoutTrailingSlash(_ path: String) -> Substring {
  var path = path[...]
  while path.count > 1, path.last == "/" { path.removeLast() }
  return path
}
