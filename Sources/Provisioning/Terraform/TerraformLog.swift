// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Synchronization

/// Turns what one Terraform command prints into log lines and timings, and remembers its errors.
final class TerraformLog: Sendable {
    private struct State {
        var begun: [String: ContinuousClock.Instant] = [:]
        /// Texts of the first error diagnostics, and the number of all.
        var errors: [String] = []
        var errorCount = 0
        /// The first of those that refuse a value.
        var refusal: String?
        var textErrors: [String] = []
        var plansReplacement = false
        var hasBegunChanges = false
        var changed = 0
    }

    /// Lines of standard error, and error diagnostics, that are remembered.
    private static let errorLimit = 200

    private let stage: String
    private let log: ExecutionLog
    private let values: TerraformValues?
    private let state = Mutex(State())

    init(stage: String, log: ExecutionLog, values: TerraformValues? = nil) {
        self.stage = stage
        self.log = log
        self.values = values
    }

    /// Whether a plan has said that it replaces something.
    var plansReplacement: Bool { state.withLock { $0.plansReplacement } }

    /// Whether a resource has been begun to be created, changed or destroyed.
    var hasBegunChanges: Bool { state.withLock { $0.hasBegunChanges } }

    /// How many resources an apply has created or changed, as it says at its end.
    var changed: Int { state.withLock { $0.changed } }

    /// For `-json` commands.
    var structured: OutputHandling {
        // Longer lines are cut, so they cannot be read as JSON; Terraform's own stay far below.
        .lines(limit: LineLimit(object: ChildBounds.messageBytes)) { [self] in readJSON($0) }
    }

    /// For commands that print for people.
    var plain: OutputHandling {
        .lines { [self] in log.log(.info, stage, $0) }
    }

    /// For standard error.
    var errors: OutputHandling {
        .lines { [self] in readError($0) }
    }

    func readJSON(_ line: OutputLine) {
        guard !line.bytes.isEmpty else { return }
        guard line.omitted == 0,
            let event = try? JSONDecoder().decode(
                TerraformEvent.self,
                from: Data(RawJSON.replacingNULs(in: line.bytes))
            )
        else {
            // A provider or a provisioner that prints past Terraform.
            log.log(.info, stage, line)
            return
        }
        if let diagnostic = event.diagnostic { return read(diagnostic) }
        let level = event.type == "version" ? .debug : LogLevel(rawValue: event.level) ?? .info
        log.log(level, stage, event.message)
        if event.type == "planned_change", event.change?.action == "replace" {
            state.withLock { $0.plansReplacement = true }
        }
        state.withLock { state in
            if event.type?.hasPrefix("apply_") == true { state.hasBegunChanges = true }
            if let changes = event.changes, changes.operation == "apply" {
                state.changed = changes.add + changes.change
            }
        }
        readTiming(event)
    }

    /// Why the command failed, in its own words.
    func failure(_ status: ChildStatus) -> ProvisioningFailure {
        let (errors, count, refusal, textErrors) = state.withLock {
            ($0.errors, $0.errorCount, $0.refusal, $0.textErrors)
        }
        var message = refusal ?? errors.first ?? Self.firstError(of: textErrors)
        if message.isEmpty { message = "terraform \(stage) ended with \(status)" }
        if count > 1 { message += " (and \(count - 1) more; see the log)" }
        let words = (errors.isEmpty ? textErrors : errors).joined(separator: "\n")
        let code = refusal == nil ? FailureClassifier.classify(words) : .invalid
        return log.redactor.redact(ProvisioningFailure(code, message))
    }

    private func read(_ diagnostic: TerraformDiagnostic) {
        // Every build's facts are given to every module, whichever of them it asks for.
        if diagnostic.isAboutUndeclaredValue { return }
        let isError = diagnostic.severity == "error"
        let said = diagnostic.text(values)
        log.log(isError ? .error : .warn, stage, said)
        guard isError else { return }
        // Redacted before it is cut: half a secret would be none to the redactor.
        let text = log.redactor.redact(said).cut(to: ChildBounds.textBytes / 4)
        state.withLock { state in
            state.errorCount += 1
            if state.errors.count < Self.errorLimit { state.errors.append(text) }
            if diagnostic.refusesValue, state.refusal == nil { state.refusal = text }
        }
    }

    private func readError(_ line: OutputLine) {
        let text = log.log(.error, stage, line)
        state.withLock { state in
            if state.textErrors.count < Self.errorLimit { state.textErrors.append(text) }
        }
    }

    private func readTiming(_ event: TerraformEvent) {
        guard let type = event.type, let hook = event.hook, let resource = hook.resource?.addr,
            resource.utf8.count <= ChildBounds.addressBytes, hook.action?.utf8.count ?? 0 <= ChildBounds.nameBytes
        else { return }
        let kind = type.prefix { $0 != "_" }
        switch type {
        case "apply_start", "refresh_start", "provision_start":
            state.withLock { state in
                guard state.begun.count < ChildBounds.resources else { return }
                state.begun["\(kind) \(resource)"] = .now
            }
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
