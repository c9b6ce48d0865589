// SPDX-License-Identifier: Apache-2.0

/// Blots known secrets out of what a template prints: Terraform hides sensitive values in most places, not in all.
struct Redactor: Sendable {
    static let mark = "(sensitive)"

    private let secrets: [String]

    /// Sensitive parameters and agent tokens of a build. Values of fewer than four bytes are left alone: blotting out
    /// every `1` would hide the log and betray the value.
    init(_ build: BuildRequest) {
        self.init(secrets: build.parameters.filter(\.sensitive).map(\.value) + build.agentTokens.values)
    }

    init(secrets: [String]) {
        // A multi-line secret is printed line by line. The longest first: one may hold another.
        let lines = secrets.flatMap { [$0] + $0.split(whereSeparator: \.isNewline).map(String.init) }
        self.secrets = Set(lines).filter { $0.utf8.count >= 4 }
            .sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
    }

    func redact(_ text: String) -> String {
        guard secrets.contains(where: text.contains) else { return text }
        return secrets.reduce(text) { $0.replacing($1, with: Self.mark) }
    }

    func redact(_ failure: ProvisioningFailure) -> ProvisioningFailure {
        var failure = failure
        failure.message = redact(failure.message)
        return failure
    }
}

/// What an execution says, with its secrets blotted out, and in pieces that are lines.
struct ExecutionLog: Sendable {
    let reporter: any ExecutionReporter
    let redactor: Redactor
    let started: ContinuousClock.Instant

    init(_ reporter: any ExecutionReporter, _ control: ExecutionControl, _ redactor: Redactor) {
        self.reporter = reporter
        self.redactor = redactor
        started = control.started
    }

    func log(_ level: LogLevel, _ stage: String, _ text: String) {
        for line in redactor.redact(text).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            reporter.log(LogLine(level: level, stage: stage, output: String(line).cut(to: ChildBounds.lineBytes)))
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
