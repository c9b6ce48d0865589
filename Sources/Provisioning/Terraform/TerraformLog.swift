// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Synchronization

/// Turns what one Terraform command prints into log lines and timings, and remembers its errors.
final class TerraformLog: Sendable {
    private struct State {
        var begun: [String: ContinuousClock.Instant] = [:]
        var errors: [TerraformDiagnostic] = []
        var textErrors: [String] = []
        var plansReplacement = false
    }

    /// Longer lines are cut, so they cannot be read as JSON; Terraform's own stay far below.
    static let lineLimit = 1 << 22
    private static let textErrorLimit = 200

    private let stage: String
    private let log: ExecutionLog
    private let state = Mutex(State())

    init(stage: String, log: ExecutionLog) {
        self.stage = stage
        self.log = log
    }

    /// Whether a plan has said that it replaces something.
    var plansReplacement: Bool { state.withLock { $0.plansReplacement } }

    /// For `-json` commands.
    var structured: OutputHandling {
        .lines(limit: Self.lineLimit) { [self] in readJSON($0) }
    }

    /// For commands that print for people.
    var plain: OutputHandling {
        .lines { [self] in log.log(.info, stage, $0.text) }
    }

    /// For standard error.
    var errors: OutputHandling {
        .lines { [self] in readError($0.text) }
    }

    func readJSON(_ line: OutputLine) {
        guard !line.bytes.isEmpty else { return }
        guard
            let event = try? JSONDecoder().decode(
                TerraformEvent.self,
                from: Data(RawJSON.replacingNULs(in: line.bytes))
            )
        else {
            // A provider or a provisioner that prints past Terraform.
            return log.log(.info, stage, line.text)
        }
        if let diagnostic = event.diagnostic { return read(diagnostic) }
        let level = event.type == "version" ? .debug : LogLevel(rawValue: event.level) ?? .info
        log.log(level, stage, event.message)
        if event.type == "planned_change", event.change?.action == "replace" {
            state.withLock { $0.plansReplacement = true }
        }
        readTiming(event)
    }

    /// Why the command failed, in its own words.
    func failure(_ status: ChildStatus) -> ProvisioningFailure {
        let (errors, textErrors) = state.withLock { ($0.errors, $0.textErrors) }
        var message = errors.first?.text ?? Self.firstError(of: textErrors)
        if message.isEmpty { message = "terraform \(stage) ended with \(status)" }
        if errors.count > 1 { message += " (and \(errors.count - 1) more; see the log)" }
        let words = errors.isEmpty ? textErrors.joined(separator: "\n") : errors.map(\.text).joined(separator: "\n")
        return log.redactor.redact(ProvisioningFailure(FailureClassifier.classify(words), message))
    }

    private func read(_ diagnostic: TerraformDiagnostic) {
        let isError = diagnostic.severity == "error"
        log.log(isError ? .error : .warn, stage, diagnostic.text)
        if isError { state.withLock { $0.errors.append(diagnostic) } }
    }

    private func readError(_ text: String) {
        log.log(.error, stage, text)
        state.withLock { state in
            if state.textErrors.count < Self.textErrorLimit { state.textErrors.append(text) }
        }
    }

    private func readTiming(_ event: TerraformEvent) {
        guard let type = event.type, let hook = event.hook, let resource = hook.resource?.addr else { return }
        let kind = type.prefix { $0 != "_" }
        switch type {
        case "apply_start", "refresh_start", "provision_start":
            state.withLock { $0.begun["\(kind) \(resource)"] = .now }
        case "apply_complete", "apply_errored", "refresh_complete", "provision_complete", "provision_errored":
            guard let begin = state.withLock({ $0.begun.removeValue(forKey: "\(kind) \(resource)") }) else { return }
            log.timing(stage, hook.action ?? String(kind), resource, since: begin)
        default: break
        }
    }

    /// From `Error:` to the end of its paragraphs, as one line.
    private static func firstError(of lines: [String]) -> String {
        let start = lines.firstIndex { $0.contains("Error:") } ?? 0
        let text = lines.dropFirst(start).map { $0.drop { "╷│╵ ".contains($0) } }.filter { !$0.isEmpty }
            .joined(separator: " ")
        return String(text.prefix(2_000))
    }
}
