// SPDX-License-Identifier: Apache-2.0

import Domain

/// The log of an execution, redacted and split into lines.
struct ExecutionLog: Sendable {
    /// Never reports a secret.
    let reporter: any ExecutionReporter
    let redactor: Redactor
    let started: ContinuousClock.Instant
    private let unredacted: any ExecutionReporter

    /// - Parameter format: The format of the reported states.
    init(
        _ reporter: any ExecutionReporter,
        _ control: ExecutionControl,
        _ redactor: Redactor,
        states format: StateFormat = .opaque
    ) {
        self.reporter = RedactingReporter(reporter: reporter, redactor: redactor, format: format)
        unredacted = reporter
        self.redactor = redactor
        started = control.started
    }

    func log(_ level: LogLevel, _ stage: String, _ text: String) {
        // The text is redacted as a whole before it is split, because a secret may have several lines.
        tell(level, stage, redactor.redact(text))
    }

    /// - Returns: The line as it is shown.
    @discardableResult
    func log(_ level: LogLevel, _ stage: String, _ line: OutputLine) -> String {
        let line = line.cut()
        let shown = redactor.redact(line.kept, isCut: line.omitted > 0) + line.omission
        tell(level, stage, shown)
        return shown
    }

    private func tell(_ level: LogLevel, _ stage: String, _ text: String) {
        let stage = redactor.redact(stage)
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            unredacted.log(LogLine(level: level, stage: stage, output: String(line).cut(to: ChildBounds.lineBytes)))
        }
    }

    func timing(_ stage: String, _ action: String, _ resource: String, since begin: ContinuousClock.Instant) {
        reporter.timing(
            StageTiming(
                stage: stage,
                action: action,
                resource: resource,
                startedAfter: begin - started,
                endedAfter: .now - started
            )
        )
    }
}
