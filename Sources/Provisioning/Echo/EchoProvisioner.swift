// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Templates

/// Builds nothing and succeeds at once: for tests, and to measure everything around a build.
///
/// Parameters make it behave otherwise:
/// - `echo_sleep_ms`: how many milliseconds a build takes;
/// - `echo_replace`: addresses, separated by commas, that a claim build replaces;
/// - `echo_fail`: the message to fail with, after the sleep; one that begins with a code (`CAPACITY: none left`) fails
///   with that code.
///
/// Its archive, if it has one, contains a `stoker.yaml`, which only the import reads.
package struct EchoProvisioner: Provisioner {
    private let host: ProvisioningHost

    package init(host: ProvisioningHost) {
        self.host = host
    }

    package func importVersion(
        _ request: ImportRequest,
        reporter: any ExecutionReporter,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> TemplateManifest {
        // A version without files has nothing to read.
        guard !request.archive.hash.isEmpty else {
            return TemplateManifest(name: request.templateName, provisioner: .echo)
        }
        return try await host.importDescription(request, for: .echo, reporter: reporter, control: control)
    }

    package func build(
        _ request: BuildRequest,
        reporter: any ExecutionReporter,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> BuildOutcome {
        let redactor = Redactor(request)
        let log = ExecutionLog(reporter, control, redactor)
        return try await redactor.redacting { () throws(ProvisioningFailure) in
            try await build(request, log, control)
        }
    }

    private func build(
        _ request: BuildRequest,
        _ log: ExecutionLog,
        _ control: ExecutionControl
    ) async throws(ProvisioningFailure) -> BuildOutcome {
        try control.check()
        let values = Dictionary(request.build.parameters.map { ($0.name, $0.value) }) { _, last in last }
        do throws(ProvisioningFailure) {
            if let text = values["echo_sleep_ms"], !text.isEmpty {
                guard let milliseconds = Int(text), milliseconds >= 0 else {
                    throw ProvisioningFailure(.invalid, "echo_sleep_ms is '\(text)'; give milliseconds.")
                }
                try await control.sleep(for: .milliseconds(milliseconds))
            }
            let replaced = (values["echo_replace"] ?? "").split(separator: ",").map { Replacement(address: String($0)) }
            let replacements = request.build.stage == .claim ? replaced : []
            try request.check(replacements)
            if let text = values["echo_fail"], !text.isEmpty { throw Self.failure(text) }
            log.log(.info, request.build.transition.rawValue, request.build.workspace.name)
            guard request.build.transition != .delete else { return BuildOutcome() }
            return BuildOutcome(
                state: Array(#"{"build":\#(request.build.number)}"#.utf8),
                resources: [BuiltResource(type: "echo", name: "echo", address: "echo.echo")],
                agents: request.agentTokens.keys.sorted(),
                replacements: replacements,
                rehearsal: request.rehearses ? Rehearsal(replaced) : nil
            )
        } catch {
            var failure = error
            failure.state = request.state
            throw failure
        }
    }

    private static func failure(_ text: String) -> ProvisioningFailure {
        guard let colon = text.firstIndex(of: ":"),
            let code = FailureCode(rawValue: String(text[..<colon]))
        else { return ProvisioningFailure(.failed, text) }
        return ProvisioningFailure(code, String(text[colon...].dropFirst().drop { $0 == " " }))
    }
}
