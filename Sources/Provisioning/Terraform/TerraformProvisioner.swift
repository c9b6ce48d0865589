// SPDX-License-Identifier: Apache-2.0

import Basics
import Crypto
package import Domain
import Glibc
import SystemPackage

/// Builds workspaces with Terraform or OpenTofu.
package struct TerraformProvisioner: Provisioner {
    let host: ProvisioningHost
    let configuration: TerraformConfiguration
    private let locator: TerraformLocator

    package init(host: ProvisioningHost, configuration: TerraformConfiguration = TerraformConfiguration()) {
        self.host = host
        self.configuration = configuration
        locator = TerraformLocator(host: host, binary: configuration.binary)
    }

    package func build(
        _ request: BuildRequest,
        reporter: any ExecutionReporter,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> BuildOutcome {
        let redactor = Redactor(request)
        let log = ExecutionLog(reporter, control, redactor, states: .terraform)
        await BlockingWork.run { () throws(Never) in
            redactor.learn(
                ([request.state].compactMap(\.self) + request.lateStates).flatMap { TerraformSecrets.texts(in: $0) }
            )
        }
        return try await redactor.redacting { () throws(ProvisioningFailure) in
            try await build(request, log, control)
        }
    }

    private func build(
        _ request: BuildRequest,
        _ log: ExecutionLog,
        _ control: ExecutionControl
    ) async throws(ProvisioningFailure) -> BuildOutcome {
        guard request.build.transition != .delete || request.state != nil || !request.lateStates.isEmpty else {
            log.log(.info, "destroy", "Nothing was ever created, so there is nothing to destroy.")
            return BuildOutcome()
        }
        return try await host.withWorkDirectory(
            request.job,
            for: request.build.workspace.id,
            state: request.state,
            control: control,
            log: log,
            format: .terraform
        ) { directory throws(ProvisioningFailure) in
            let result: Result<BuildOutcome, ProvisioningFailure>
            do throws(ProvisioningFailure) {
                let terraform = try await begin(request, in: directory, log, control)
                let isDelete = request.build.transition == .delete
                result = .success(try await isDelete ? destroy(request, terraform) : apply(request, terraform))
            } catch {
                result = .failure(error)
            }
            await TerraformValues.remove(from: directory)
            return try result.get()
        }
    }

    /// The steps before the first resource may change.
    private func begin(
        _ request: BuildRequest,
        in directory: WorkDirectory,
        _ log: ExecutionLog,
        _ control: ExecutionControl
    ) async throws(ProvisioningFailure) -> TerraformSession {
        do throws(ProvisioningFailure) {
            var terraform = try await session(in: directory, log: log, control: control)
            try await open(request.archive, terraform)
            try await terraform.give(request)
            return terraform
        } catch {
            var failure = error
            failure.isUntouched = failure.code == .invalid
            throw failure
        }
    }

    package func takingOver(_ late: [UInt8], into state: [UInt8]?) -> (state: [UInt8]?, rest: [UInt8]?) {
        TerraformStates.takingOver(late, into: state)
    }

    /// Finds Terraform and asks for its version, as a build does.
    package func installation() async throws(ProvisioningFailure) -> TerraformInstallation {
        let control = ExecutionControl(
            limits: ExecutionLimits(wallClock: .seconds(30), interruptGrace: .seconds(2)),
            leaseUntil: .now + .seconds(60)
        )
        return try await host.withWorkDirectory(HeldJob(id: .random(), epoch: 0), control: control) {
            directory throws(ProvisioningFailure) in
            try await locator.locate(in: directory, control: control)
        }
    }

    func session(
        in directory: WorkDirectory,
        log: ExecutionLog,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> TerraformSession {
        let session = TerraformSession(
            installation: try await locator.locate(in: directory, control: control),
            host: host,
            directory: directory,
            control: control,
            log: log
        )
        try await session.configure(pluginDirectory: configuration.pluginDirectory)
        return session
    }

    /// Puts an initialised clone of the template into the work directory.
    func open(_ archive: TemplateArchive, _ terraform: TerraformSession) async throws(ProvisioningFailure) {
        let cache = TemplateCache(host: host, variant: variant(terraform.installation))
        let found = try await cache.open(
            archive,
            in: terraform.directory,
            log: terraform.log,
            control: terraform.control
        ) { copy throws(ProvisioningFailure) in
            try await terraform.initialise(copy)
        }
        if found { terraform.log.log(.debug, "init", "Using the copy of this version that is initialised already.") }
    }

    private func apply(
        _ request: BuildRequest,
        _ terraform: TerraformSession
    ) async throws(ProvisioningFailure) -> BuildOutcome {
        // Without a state nothing can be replaced, so there is no plan to judge, and one command is enough
        // (Documentation/Decisions/0008-apply-at-once.md).
        let isFirst = request.state == nil
        let replacements = isFirst ? [] : try await terraform.plan()
        try request.check(replacements)
        for replacement in replacements {
            let paths = replacement.paths.joined(separator: ", ")
            terraform.log.log(
                .warn,
                "plan",
                "\(replacement.address) will be replaced\(paths.isEmpty ? "" : ": \(paths)")"
            )
        }
        if request.isRehearsal { return BuildOutcome(replacements: replacements) }
        if !replacements.isEmpty { await terraform.log.reporter.replacing(replacements) }
        let changed: Int
        do throws(ProvisioningFailure) {
            changed = try await changing(request, terraform) { () throws(ProvisioningFailure) in
                try await isFirst ? terraform.planAndApply() : terraform.applyPlan()
            }
        } catch {
            // The progress of the interrupted command is unknown; the planned replacements are reported.
            var failure = error
            failure.replacements = replacements
            throw failure
        }
        let resources = try await terraform.resources()
        let state: [UInt8]?
        do throws(FileFailure) {
            state = try await terraform.directory.currentState()
        } catch {
            throw ProvisioningFailure(error)
        }
        // Without the state of existing resources, a deletion would not destroy them: a failure now is better than a
        // leak.
        guard state != nil || request.state == nil && changed == 0, !resources.isEmpty || changed == 0 else {
            throw ProvisioningFailure(
                .failed,
                """
                Terraform says that it has created or changed \(changed) resources, and there is no state that names them \
                where Stoker keeps it. The template takes the state away, or removes it: a deletion could not destroy what \
                exists. Let nothing in the template touch the state, and remove by hand what this build has made.
                """,
                replacements: replacements
            )
        }
        let (outputs, manifest) = await BlockingWork.run { () throws(Never) in
            (
                state.map(TerraformOutputs.read) ?? [],
                state.flatMap { AppliedAgents.manifest(in: $0, token: request.providerToken) }
            )
        }
        var outcome = BuildOutcome(state: state, resources: resources, replacements: replacements, outputs: outputs)
        outcome.manifest = manifest
        outcome.rehearsal = await rehearsal(of: request, state, terraform)
        return outcome
    }

    private func destroy(
        _ request: BuildRequest,
        _ terraform: TerraformSession
    ) async throws(ProvisioningFailure) -> BuildOutcome {
        try await changing(request, terraform) { () throws(ProvisioningFailure) in try await terraform.destroy() }
        await terraform.directory.dropState()
        // The first state is destroyed, so each of the others becomes the state meanwhile; an interrupted deletion
        // continues from it.
        for late in request.lateStates {
            terraform.log.log(
                .info,
                "destroy",
                "Destroying the resources of a late state."
            )
            try await terraform.directory.replaceState(late)
            try await changing(request, terraform) { () throws(ProvisioningFailure) in try await terraform.destroy() }
            await terraform.directory.dropState()
        }
        return BuildOutcome()
    }

    private func changing<Value: Sendable>(
        _ request: BuildRequest,
        _ terraform: TerraformSession,
        _ body: () async throws(ProvisioningFailure) -> Value
    ) async throws(ProvisioningFailure) -> Value {
        let directory = terraform.directory
        do throws(ProvisioningFailure) {
            return try await directory.withCheckpoints(
                known: request.state,
                reporter: terraform.log.reporter,
                control: terraform.control,
                body
            )
        } catch {
            // The file that Terraform writes when it cannot write the state itself; nothing newer exists then.
            await directory.adoptState(directory.erroredStateFile)
            throw error
        }
    }

    private func variant(_ installation: TerraformInstallation) -> String {
        let parts = [
            installation.version, installation.executable.string, configuration.pluginDirectory?.string ?? "",
            TerraformBackend.text,
        ]
        let digest = SHA256.hash(data: Array(parts.joined(separator: "\0").utf8))
        return "terraform-" + digest.prefix(6).hexadecimal
    }
}

extension BuildRequest {
    /// Applies the replacement policy of a claim.
    ///
    /// - Throws: under `.block` and `.fresh`; the caller knows which one it requested.
    func check(_ replacements: [Replacement]) throws(ProvisioningFailure) {
        guard build.stage == .claim, build.transition == .start, !replacements.isEmpty, replacementPolicy != .warn
        else { return }
        let resources = replacements.map {
            $0.paths.isEmpty ? $0.address : "\($0.address) (\($0.paths.joined(separator: ", ")))"
        }
        throw ProvisioningFailure(
            .replacementBlocked,
            """
            The claim would replace \(resources.joined(separator: ", ")), and terraform.replacement_policy is \
            \(replacementPolicy.rawValue): nothing was changed, and the prebuild goes back to its pool.
            """,
            replacements: replacements
        )
    }
}

extension WorkDirectory {
    /// Nothing exists any more, so there is no state to save.
    fileprivate func dropState() async {
        note(newest: nil)
        await BlockingWork.run { [stateFile] () throws(Never) in _ = unlink(stateFile.string) }
    }

    fileprivate func replaceState(_ state: [UInt8]) async throws(ProvisioningFailure) {
        do throws(FileFailure) {
            try await BlockingWork.run { [stateFile] () throws(FileFailure) in
                try PrivateFiles.replace(stateFile, state)
            }
        } catch {
            throw ProvisioningFailure(error)
        }
    }

    /// Takes a state from another file, if there is one. An invalid one does not replace the present state.
    fileprivate func adoptState(_ file: FilePath) async {
        await BlockingWork.run { () throws(Never) in
            guard let state = try? self.readState(file), StateHeader(state) != nil else { return }
            try? PrivateFiles.replace(self.stateFile, state)
        }
    }
}
