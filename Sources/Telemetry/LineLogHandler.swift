// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Logging

/// Writes one line per event.
///
/// The keys of an event win over those of its logger, and these over those of the metadata provider.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let format: LogFormat
    private let sink: LogSink
    private let now: @Sendable () -> Date

    package init(
        label: String,
        format: LogFormat,
        level: Logger.Level = .info,
        sink: LogSink = .standardError,
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.init(label: label, format: format, level: level, sink: sink, metadataProvider: metadataProvider) { .now }
    }

    init(
        label: String,
        format: LogFormat,
        level: Logger.Level,
        sink: LogSink,
        metadataProvider: Logger.MetadataProvider?,
        now: @escaping @Sendable () -> Date
    ) {
        self.label = label
        self.format = format
        self.logLevel = level
        self.sink = sink
        self.metadataProvider = metadataProvider
        self.now = now
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadataProvider?.get() ?? [:]
        all.merge(metadata) { $1 }
        if let error = event.error { all["error"] = "\(error)" }
        if let own = event.metadata { all.merge(own) { $1 } }
        let line = format.line(
            LogFormat.Event(
                time: now(),
                level: event.level,
                message: event.message.description,
                label: label,
                metadata: all
            )
        )
        sink.write(line)
    }
}
