// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import FoundationEssentials
import Synchronization

/// Converts the output of one Terraform command into log lines and timings, and keeps its errors.
final class TerraformLog: Sendable {
    private struct State {
        var begun: [String: ContinuousClock.Instant] = [:]
        /// Texts of the first error diagnostics, and their total number.
        var errors: [String] = []
        var errorCount = 0
        /// The first diagnostic that refuses a value.
        var refusal: String?
        var textErrors: [String] = []
        var plansReplacement = false
        var hasBegunChanges = false
        var changed = 0
    }

    /// The number of lines of standard error, and of error diagnostics, that are kept.
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

    /// Whether a plan has announced a replacement.
    var plansReplacement: Bool { state.withLock { $0.plansReplacement } }

    /// Whether the creation, change or destruction of a resource has begun.
    var hasBegunChanges: Bool { state.withLock { $0.hasBegunChanges } }

    /// How many resources an apply has created or changed, by its summary.
    var changed: Int { state.withLock { $0.changed } }

    /// For `-json` commands.
    var structured: OutputHandling {
        // Longer lines are cut and then no valid JSON; Terraform's own are far shorter.
        .lines(limit: LineLimit(object: ChildBounds.messageBytes)) { [self] in readJSON($0) }
    }

    /// For commands with human-readable output.
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
            // Output of a provider or Terraform provisioner that bypasses Terraform.
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
        // Every module gets all facts of the build, and may declare only some of them.
        if diagnostic.isAboutUndeclaredValue { return }
        let isError = diagnostic.severity == "error"
        let said = diagnostic.text(values)
        log.log(isError ? .error : .warn, stage, said)
        guard isError else { return }
        // Redacted before it is cut: the redactor would not find half a secret.
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
