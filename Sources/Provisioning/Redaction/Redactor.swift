// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Synchronization
import Templates

/// Redacts known secrets in the output of a template, because Terraform does not hide sensitive values everywhere.
///
/// Secrets are the values of sensitive parameters, each text and number in them, agent tokens, and what Terraform marks
/// as sensitive in a state. They are found in the notations of ``SecretNotations``, which also sets the minimum length.
final class Redactor: Sendable {
    private struct State {
        var texts: Set<[UInt8]> = []
        var notations: Set<[UInt8]> = []
        /// Bytes of all notations together: each byte is a node of the matcher.
        var bytes = 0
        var matcher = SecretMatcher([])
    }

    static let mark = "(sensitive)"
    /// The maximum number of secrets.
    private static let mostTexts = 10_000
    /// Bytes of a text that is searched in every notation. Longer ones are searched as they are.
    private static let mostOfNotations = 16 << 10
    /// Bytes of all notations together; a matcher needs some twenty times as much memory.
    private static let mostBytes = 4 << 20

    private let state = Mutex(State())

    /// Sensitive parameters and agent tokens of a build, sensitive outputs of earlier ones, and the secrets in its initial
    /// states.
    convenience init(_ request: BuildRequest) {
        self.init(
            secrets: request.build.parameters.filter(\.sensitive).map(\.value) + request.agentTokens.values
                + [request.providerToken].filter { !$0.isEmpty }
                + request.earlierOutputs
        )
    }

    init(secrets: [String]) {
        learn(secrets)
    }

    /// Adds newly found secrets.
    func learn(_ secrets: [String]) {
        let texts = secrets.flatMap { ValueLeaves.texts(of: $0) }
        state.withLock { state in
            var isNew = false
            for text in texts where state.texts.count < Self.mostTexts {
                let raw = Array(text.utf8)
                guard state.bytes + raw.count <= Self.mostBytes, state.texts.insert(raw).inserted else { continue }
                let isLong = raw.count > Self.mostOfNotations
                for notation in isLong ? [raw] : SecretNotations(of: text).all
                where state.bytes + notation.count <= Self.mostBytes && state.notations.insert(notation).inserted {
                    state.bytes += notation.count
                }
                isNew = true
            }
            if isNew { state.matcher = SecretMatcher(state.notations) }
        }
    }

    /// - Parameter isCut: The text is the beginning of a longer one.
    func redact(_ text: String, isCut: Bool = false) -> String {
        let matcher = state.withLock { $0.matcher }
        guard !matcher.isEmpty else { return text }
        let bytes = Array(text.utf8)
        let places = matcher.places(in: bytes, isCut: isCut)
        guard !places.isEmpty else { return text }
        var redacted: [UInt8] = []
        var shown = 0
        for place in places {
            redacted += bytes[shown..<place.lowerBound]
            redacted += Array(Self.mark.utf8)
            shown = place.upperBound
        }
        return String(decoding: redacted + bytes[shown...], as: UTF8.self)
    }

    func redact(_ replacements: [Replacement]) -> [Replacement] {
        replacements.map { replacement in
            Replacement(
                address: redact(replacement.address),
                paths: replacement.paths.map { redact($0) },
                reason: redact(replacement.reason)
            )
        }
    }

    func redact(_ failure: ProvisioningFailure) -> ProvisioningFailure {
        var failure = failure
        failure.message = redact(failure.message)
        failure.replacements = redact(failure.replacements)
        return failure
    }

    /// An output that contains a secret is sensitive, whatever the template says: its value stays whole, and is only shown
    /// to the owner.
    private func redact(_ outputs: [BuildOutput]) -> [BuildOutput] {
        learn(outputs.filter(\.isSensitive).map(\.json))
        let shown = outputs.map { output in
            var shown = output
            shown.name = redact(output.name)
            shown.isSensitive = output.isSensitive || redact(output.json) != output.json
            return shown
        }
        return Dictionary(shown.map { ($0.name, $0) }) { $1 }.values.sorted { $0.name < $1.name }
    }

    /// Redacts all displayed parts of an outcome, but not its state, and not the names of agents, which come from the
    /// template.
    func redact(_ outcome: BuildOutcome) -> BuildOutcome {
        var outcome = outcome
        outcome.resources = outcome.resources.map { resource in
            var shown = resource
            shown.type = redact(resource.type)
            shown.name = redact(resource.name)
            shown.address = redact(resource.address)
            return shown
        }
        outcome.replacements = redact(outcome.replacements)
        outcome.outputs = redact(outcome.outputs)
        if var rehearsal = outcome.rehearsal {
            rehearsal.replacements = redact(rehearsal.replacements)
            outcome.rehearsal = rehearsal
        }
        return outcome
    }
}

extension Redactor {
    /// Runs a build, and redacts its outcome or failure.
    func redacting(
        _ body: () async throws(ProvisioningFailure) -> BuildOutcome
    ) async throws(ProvisioningFailure) -> BuildOutcome {
        do throws(ProvisioningFailure) {
            return redact(try await body())
        } catch {
            throw redact(error)
        }
    }
}

/// Passes on what an execution reports, redacted.
struct RedactingReporter: ExecutionReporter {
    /// Bytes. Larger states are not searched again at every checkpoint.
    private static let largestState = 8 << 20

    let reporter: any ExecutionReporter
    let redactor: Redactor
    let format: StateFormat

    func log(_ line: LogLine) {
        var shown = line
        shown.stage = redactor.redact(line.stage)
        shown.output = redactor.redact(line.output)
        reporter.log(shown)
    }

    func timing(_ timing: StageTiming) {
        var shown = timing
        shown.stage = redactor.redact(timing.stage)
        shown.action = redactor.redact(timing.action)
        shown.resource = redactor.redact(timing.resource)
        reporter.timing(shown)
    }

    /// The state itself stays unchanged. What Terraform marks as sensitive in it becomes a secret.
    func checkpoint(_ state: [UInt8]) async {
        if format == .terraform, state.count <= Self.largestState {
            await BlockingWork.run { [redactor] () throws(Never) in redactor.learn(TerraformSecrets.texts(in: state)) }
        }
        await reporter.checkpoint(state)
    }

    func replacing(_ replacements: [Replacement]) async {
        await reporter.replacing(redactor.redact(replacements))
    }
}
