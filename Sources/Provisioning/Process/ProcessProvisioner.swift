// SPDX-License-Identifier: Apache-2.0

import Basics
package import Domain
import FoundationEssentials
import Glibc
import SystemPackage
package import Templates

/// Builds workspaces with an executable of the template's archive, in any language.
///
/// The executable runs in the template's directory with one argument, `start`, `stop` or `delete`, and gets a
/// ``ProcessRequest`` on its standard input. On its standard output it prints ``ProcessMessage``s, one a line; any
/// other line, and standard error, goes to the log. The build succeeded if it exits with status 0 and printed no
/// `result` with an `error`.
///
/// It also runs for the deletion of a workspace without a state, because only the executable knows whether something
/// exists.
package struct ProcessProvisioner: Provisioner {
    let host: ProvisioningHost

    package init(host: ProvisioningHost) {
        self.host = host
    }

    package func importVersion(
        _ request: ImportRequest,
        reporter: any ExecutionReporter,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> TemplateManifest {
        try await host.importDescription(request, for: .process, reporter: reporter, control: control)
    }

    package func build(
        _ request: BuildRequest,
        reporter: any ExecutionReporter,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> BuildOutcome {
        // Only the program knows what it would do, and it would do it.
        if request.isRehearsal {
            throw ProvisioningFailure(.invalid, "A process template cannot say what it would replace.")
        }
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
        try await host.withWorkDirectory(
            request.job,
            for: request.build.workspace.id,
            state: request.state,
            control: control,
            log: log
        ) { directory throws(ProvisioningFailure) in
            let cache = TemplateCache(host: host, variant: "files")
            try await cache.open(request.archive, in: directory, log: log, control: control) {
                _ throws(ProvisioningFailure) in
            }
            let outcome = try await perform(request, directory, log, control)
            guard request.build.transition == .delete else {
                return await rehearsing(request, outcome, directory, log, control)
            }
            for late in request.lateStates {
                log.log(.info, "delete", "Deleting the resources of a late state.")
                var again = request
                again.state = late
                _ = try await perform(again, directory, log, control)
            }
            // The workspace is gone, whatever the template has left there.
            await BlockingWork.run { [place = host.place(of: request.build.workspace.id)] () throws(Never) in
                FileTree.remove(place)
            }
            return outcome
        }
    }

    private func rehearsing(
        _ request: BuildRequest,
        _ outcome: BuildOutcome,
        _ directory: WorkDirectory,
        _ log: ExecutionLog,
        _ control: ExecutionControl
    ) async -> BuildOutcome {
        guard request.rehearses, request.build.transition == .start else { return outcome }
        var outcome = outcome
        let place = host.place(of: request.build.workspace.id)
        do throws(ProvisioningFailure) {
            let isDeclared = try await manifest(directory)?.rehearses ?? false
            let claim = request.asClaim(of: outcome.state)
            let unheard = ProcessTranscript(stage: "rehearse", log: log, directory: directory, control: control)
            try await host.open(place)
            let command = try await command(claim, directory, unheard, place)
            outcome.rehearsal = await rehearsal(isDeclared: isDeclared, command, log, directory, control)
        } catch {
            // The build itself has succeeded; the next one of the version rehearses.
            log.log(.warn, "rehearse", error.message)
        }
        await host.close(place)
        return outcome
    }

    private func perform(
        _ request: BuildRequest,
        _ directory: WorkDirectory,
        _ log: ExecutionLog,
        _ control: ExecutionControl
    ) async throws(ProvisioningFailure) -> BuildOutcome {
        let stage = request.build.transition.rawValue
        let transcript = ProcessTranscript(stage: stage, log: log, directory: directory, control: control)
        let place = host.place(of: request.build.workspace.id)
        try await host.open(place)
        let command = try await command(request, directory, transcript, place)
        let result: ChildResult
        do throws(ProvisioningFailure) {
            result = try await run(command, request, directory, transcript, control)
        } catch {
            await host.close(place)
            throw error
        }
        await host.close(place)
        return try outcome(of: request, transcript.said, result.status, log)
    }

    private func run(
        _ command: ChildCommand,
        _ request: BuildRequest,
        _ directory: WorkDirectory,
        _ transcript: ProcessTranscript,
        _ control: ExecutionControl
    ) async throws(ProvisioningFailure) -> ChildResult {
        let log = transcript.log
        let begin = ContinuousClock.now
        // It is not a child task: a checkpoint in progress is finished even if this task is cancelled.
        let checkpoints = Task {
            for await _ in transcript.hasNews {
                let news = transcript.takeNews()
                if !news.replacements.isEmpty { await log.reporter.replacing(news.replacements) }
                if let state = news.state { await log.reporter.checkpoint(state) }
            }
        }
        let result: Result<ChildResult, ProvisioningFailure>
        do throws(ProvisioningFailure) {
            result = .success(try await host.runner.run(command, in: directory, control: control))
        } catch {
            result = .failure(error)
        }
        transcript.end()
        await checkpoints.value
        log.timing(request.build.transition.rawValue, request.build.transition.rawValue, "", since: begin)
        return try result.get()
    }

    private func command(
        _ request: BuildRequest,
        _ directory: WorkDirectory,
        _ transcript: ProcessTranscript,
        _ place: FilePath
    ) async throws(ProvisioningFailure) -> ChildCommand {
        let name = try await executableName(directory)
        let input: [UInt8]
        do {
            input = try await BlockingWork.run { try ProcessRequest(request).bytes(state: request.state) }
        } catch {
            throw ProvisioningFailure(.failed, "The request could not be written as JSON: \(error)")
        }
        var environment = host.baseEnvironment(directory)
        environment.merge(TemplateEnvironment.facts(of: request)) { _, new in new }
        environment["STOKER_WORKSPACE_DIRECTORY"] = place.string
        return ChildCommand(
            executable: directory.module.appending(name),
            arguments: [request.build.transition.rawValue],
            environment: environment,
            directory: directory.module,
            input: input,
            output: transcript.output,
            errors: transcript.errors,
            statesInOutput: true,
            writes: [place]
        )
    }

    /// From `stoker.yaml`, which a version that was not imported may lack.
    private func executableName(_ directory: WorkDirectory) async throws(ProvisioningFailure) -> String {
        try await manifest(directory)?.executable ?? TemplateManifest.defaultExecutable
    }

    private func manifest(_ directory: WorkDirectory) async throws(ProvisioningFailure) -> TemplateManifest? {
        let path = directory.module.appending(TemplateManifest.fileName)
        return try await BlockingWork.run { () throws(ProvisioningFailure) in
            let bytes: [UInt8]?
            do throws(FileFailure) {
                bytes = try PrivateFiles.read(path, atMost: ChildBounds.manifestBytes, below: directory.path)
            } catch {
                throw ProvisioningFailure(error)
            }
            guard let bytes else { return nil }
            do throws(TemplateErrors) {
                // The import has checked it; a build does not depend on this machine's time zones.
                return try TemplateManifest(yaml: String(decoding: bytes, as: UTF8.self)) { _ in true }
            } catch {
                throw ProvisioningFailure(.invalid, error.description)
            }
        }
    }

    private func outcome(
        of request: BuildRequest,
        _ said: ProcessTranscript.Said,
        _ status: ChildStatus,
        _ log: ExecutionLog
    ) throws(ProvisioningFailure) -> BuildOutcome {
        if let failure = said.spoolFailure { throw ProvisioningFailure(failure) }
        try request.check(said.replacements)
        guard status.isSuccess, said.error == nil else {
            let words = said.error ?? said.lastErrors.last
            let message = words ?? "The template's program ended with \(status)."
            let code = said.code ?? FailureClassifier.classify(([message] + said.lastErrors).joined(separator: "\n"))
            throw log.redactor.redact(ProvisioningFailure(code, message, replacements: said.replacements))
        }
        return BuildOutcome(
            state: request.build.transition == .delete ? nil : said.state ?? request.state,
            resources: said.resources,
            agents: said.agents,
            replacements: said.replacements,
            outputs: request.build.transition == .delete ? [] : said.outputs.values.sorted { $0.name < $1.name }
        )
    }
}

extension ProvisioningHost {
    /// Makes the directory of a workspace, unless an earlier build has made it.
    fileprivate func open(_ place: FilePath) async throws(ProvisioningFailure) {
        do throws(FileFailure) {
            try await BlockingWork.run { () throws(FileFailure) in try PrivateFiles.makeDirectory(place) }
        } catch {
            throw ProvisioningFailure(error)
        }
    }

    /// Removes the directory when nothing was left in it.
    fileprivate func close(_ place: FilePath) async {
        await BlockingWork.run { () throws(Never) in _ = rmdir(place.string) }
    }
}
