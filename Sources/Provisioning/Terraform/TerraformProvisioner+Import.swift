// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
package import Templates

extension TerraformProvisioner {
    package func importVersion(
        _ request: ImportRequest,
        reporter: any ExecutionReporter,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> TemplateManifest {
        let redactor = Redactor(secrets: [])
        let log = ExecutionLog(reporter, control, redactor)
        do throws(ProvisioningFailure) {
            return try await importVersion(request, log, control)
        } catch {
            throw redactor.redact(error)
        }
    }

    private func importVersion(
        _ request: ImportRequest,
        _ log: ExecutionLog,
        _ control: ExecutionControl
    ) async throws(ProvisioningFailure) -> TemplateManifest {
        try await host.withWorkDirectory(request.job, control: control) {
            directory throws(ProvisioningFailure) in
            let manifest = try await host.manifest(
                of: request,
                for: .terraform,
                in: directory,
                log: log,
                control: control
            )
            log.redactor.learn(manifest.secrets)
            var terraform = try await session(in: directory, log: log, control: control)
            try await open(request.archive, terraform)
            try await validate(terraform)
            var refusals: [String] = []
            var read = ReadVersion(manifest: manifest, isPlanned: manifest.coder == nil)
            var done: Set<Rehearsal> = []
            while let rehearsal = Rehearsal.all(of: read.manifest, log, isFirst: done.isEmpty).first(where: {
                !done.contains($0)
            }) {
                done.insert(rehearsal)
                log.log(.info, "plan", "Rehearsing \(rehearsal.name).")
                let build = request.rehearsal(rehearsal, read.manifest)
                do throws(ProvisioningFailure) {
                    try await terraform.give(build)
                    try await terraform.rehearse(keepsPlan: !read.isPlanned)
                    if !read.isPlanned { try await takePlan(&read, request, terraform) }
                } catch {
                    var failure = error
                    failure.message = "\(rehearsal.name): \(failure.message)"
                    // The other presets are planned too, so that one push reports all errors.
                    guard failure.code == .invalid else { throw failure }
                    refusals.append(failure.message)
                }
            }
            guard refusals.isEmpty else { throw ProvisioningFailure(.invalid, refusals.joined(separator: "\n")) }
            guard read.manifest.coder == nil || !read.manifest.presets.isEmpty else {
                throw ProvisioningFailure(.invalid, "The plan has no preset, so nothing could be claimed.")
            }
            return read.manifest
        }
    }

    /// What is known of a version during its import.
    private struct ReadVersion {
        var manifest: TemplateManifest
        /// Whether a plan was read, or there is nothing that only a plan knows.
        var isPlanned: Bool
    }

    /// Takes the values of Coder's data sources from the plan, which knows more than the text of the module.
    private func takePlan(
        _ read: inout ReadVersion,
        _ request: ImportRequest,
        _ terraform: TerraformSession
    ) async throws(ProvisioningFailure) {
        guard let text = read.manifest.coder else { return }
        var planned = try await terraform.planned { CoderPlan.template(in: $0, after: text) }
        planned.notes = text.notes
        let differences = planned.differences(from: text)
        for difference in differences {
            terraform.log.log(.info, "read", "The plan differs from the text of the module, and holds: \(difference).")
        }
        read.isPlanned = true
        read.manifest = try await host.manifest(of: request, planned: planned, in: terraform)
        terraform.log.redactor.learn(read.manifest.secrets)
    }

    private func validate(_ terraform: TerraformSession) async throws(ProvisioningFailure) {
        let diagnostics = try await terraform.validate()
        for diagnostic in diagnostics {
            terraform.log.log(diagnostic.severity == "error" ? .error : .warn, "validate", diagnostic.text(nil))
        }
        let errors = diagnostics.filter { $0.severity == "error" }
        guard errors.isEmpty else {
            throw ProvisioningFailure(.invalid, errors.prefix(20).map { $0.text(nil) }.joined(separator: "\n"))
        }
    }
}

/// A set of values with which an import plans a version.
private struct Rehearsal: Hashable {
    let name: String
    let preset: String?
    let values: [String: String]

    /// One for each preset, or one with the defaults only. When a value is missing, nothing can be planned.
    ///
    /// - Parameter isFirst: Whether it is said why one cannot be planned.
    static func all(of manifest: TemplateManifest, _ log: ExecutionLog, isFirst: Bool = true) -> [Self] {
        let candidates =
            manifest.presets.isEmpty
            ? [Self(name: "the defaults", preset: nil, values: [:])]
            : manifest.presets.map { Self(name: "preset \($0.name)", preset: $0.name, values: $0.parameters) }
        return candidates.filter { candidate in
            // The provider plans without the value of a coder_parameter, unless that has rules.
            let missing = manifest.parameters.filter {
                $0.required && candidate.values[$0.name] == nil
                    && ($0.source == .variable || $0.rules != ParameterRules())
            }.map(\.name)
            if missing.isEmpty { return true }
            guard isFirst else { return false }
            log.log(.info, "plan", "Not rehearsing \(candidate.name): no value for \(missing.joined(separator: ", ")).")
            return false
        }
    }
}

extension TemplateManifest {
    /// The values that it has for sensitive parameters.
    fileprivate var secrets: [String] {
        let sensitive = parameters.filter(\.sensitive)
        return sensitive.compactMap(\.defaultValue)
            + sensitive.flatMap { parameter in presets.compactMap { $0.parameters[parameter.name] } }
    }
}

extension ImportRequest {
    /// A build that is only planned, as the pool would request it.
    fileprivate func rehearsal(_ rehearsal: Rehearsal, _ manifest: TemplateManifest) -> BuildRequest {
        let declared = Dictionary(manifest.parameters.map { ($0.name, $0) }) { first, _ in first }
        return BuildRequest(
            job: job,
            build: WorkspaceBuild(
                id: BuildID(high: 0, low: 0),
                number: 1,
                transition: .start,
                stage: .create,
                workspace: .init(id: WorkspaceID(high: 0, low: 0), name: "rehearsal"),
                owner: .init(id: prebuildsUserID, username: "prebuilds", email: ""),
                organization: organization,
                template: .init(name: templateName, versionName: versionName),
                preset: rehearsal.preset,
                parameters: rehearsal.values.sorted { $0.key < $1.key }
                    .map { name, value in
                        let parameter = declared[name]
                        return BuildParameter(
                            name: name,
                            value: value,
                            type: parameter?.type ?? "string",
                            sensitive: parameter?.sensitive ?? false,
                            isCoder: parameter?.source == .coder
                        )
                    }
            ),
            archive: archive,
            agentTokens: Dictionary(uniqueKeysWithValues: Set(manifest.agents).map { ($0, "rehearsal") }),
            providerToken: "rehearsal"
        )
    }
}

extension ProvisioningHost {
    /// Imports a version that needs no rehearsal: its description is all.
    func importDescription(
        _ request: ImportRequest,
        for provisioner: ProvisionerType,
        reporter: any ExecutionReporter,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> TemplateManifest {
        let log = ExecutionLog(reporter, control, Redactor(secrets: []))
        return try await withWorkDirectory(request.job, control: control) {
            directory throws(ProvisioningFailure) in
            try await manifest(of: request, for: provisioner, in: directory, log: log, control: control)
        }
    }

    /// Reads the archive's own description.
    func manifest(
        of request: ImportRequest,
        for provisioner: ProvisionerType,
        in directory: WorkDirectory,
        log: ExecutionLog,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> TemplateManifest {
        let entries = try await ArchiveReader(host: self).entries(of: request.archive, in: directory, control: control)
        for case .file(let bytes) in entries.filter({ $0.path == TemplateManifest.fileName }).map(\.kind)
        where bytes.count > ChildBounds.manifestBytes {
            throw ProvisioningFailure(
                BoundExceeded(TemplateManifest.fileName, has: bytes.count, most: ChildBounds.manifestBytes)
            )
        }
        let manifest = try await read(entries, request.templateName, nil, log)
        for warning in manifest.warnings { log.log(.warn, "read", warning.description) }
        guard !TextWalk.holdsNUL(manifest) else {
            throw ProvisioningFailure(
                .invalid,
                #"A text of the template holds a NUL character ("\0" in YAML), which no database takes; leave it out."#
            )
        }
        guard manifest.provisioner == provisioner else {
            let (named, wanted) = (manifest.provisioner.rawValue, provisioner.rawValue)
            throw ProvisioningFailure(
                .invalid,
                "stoker.yaml names the provisioner \(named), the template was made for \(wanted)."
            )
        }
        return manifest
    }

    /// Reads it once more, with what a plan says of Coder's blocks.
    fileprivate func manifest(
        of request: ImportRequest,
        planned: CoderTemplate,
        in terraform: TerraformSession
    ) async throws(ProvisioningFailure) -> TemplateManifest {
        let entries = try await ArchiveReader(host: self).entries(
            of: request.archive,
            in: terraform.directory,
            control: terraform.control
        )
        return try await read(entries, request.templateName, planned, terraform.log)
    }

    private func read(
        _ entries: [ArchiveEntry],
        _ name: String,
        _ planned: CoderTemplate?,
        _ log: ExecutionLog
    ) async throws(ProvisioningFailure) -> TemplateManifest {
        do throws(TemplateErrors) {
            return try await BlockingWork.run { [timeZoneExists] () throws(TemplateErrors) in
                try TemplateManifest(entries: entries, name: name, planned: planned, timeZoneExists: timeZoneExists)
            }
        } catch {
            for error in error.errors { log.log(.error, "read", error.description) }
            throw ProvisioningFailure(.invalid, error.description)
        }
    }
}
