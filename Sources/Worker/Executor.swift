// SPDX-License-Identifier: Apache-2.0

import Basics
package import Domain
package import Logging
import PostgresClient
package import Provisioning
package import Store
import Tracing

/// Executes one claimed job: reads its input, calls the provisioner, and records the result under the job's fence.
package struct Executor: Sendable {
    let store: Store
    let provisioners: [ProvisionerType: any Provisioner]
    let replacementPolicy: ReplacementPolicy
    let sealing: StateSealing
    /// The local spool of states that the database does not have yet.
    let spool: StateSpool?
    /// `nil`: agents get no tokens.
    let agents: AgentAccess?
    let logger: Logger
    /// Called when a job has ended, with its result.
    let observe: @Sendable (ClaimedJob, ExecutionEnd, Duration) -> Void
    /// Called when a claim build that replaced resources was recorded, with the prebuild's pool.
    let onReplacement: @Sendable (PoolName) -> Void

    package init(
        store: Store,
        provisioners: [ProvisionerType: any Provisioner],
        replacementPolicy: ReplacementPolicy = .warn,
        sealing: StateSealing = .none,
        spool: StateSpool? = nil,
        agents: AgentAccess? = nil,
        logger: Logger,
        observe: @escaping @Sendable (ClaimedJob, ExecutionEnd, Duration) -> Void = { _, _, _ in },
        onReplacement: @escaping @Sendable (PoolName) -> Void = { _ in }
    ) {
        self.store = store
        self.provisioners = provisioners
        self.replacementPolicy = replacementPolicy
        self.sealing = sealing
        self.spool = spool
        self.agents = agents
        self.logger = logger
        self.observe = observe
        self.onReplacement = onReplacement
    }

    /// Never throws: a failure is the job's result; a lost job is left to the reaper.
    func execute(_ job: ClaimedJob, control: ExecutionControl) async {
        await withSpan(job.type == .workspaceBuild ? "build" : "import", context: job.context, ofKind: .consumer) {
            span in
            span.attributes["stoker.job.id"] = "\(job.id)"
            span.attributes["stoker.attempt"] = job.attempt
            let result = await executed(job, control: control)
            span.attributes["stoker.result"] = result.rawValue
            if result == .failed { span.setStatus(SpanStatus(code: .error)) }
        }
    }

    private func executed(_ job: ClaimedJob, control: ExecutionControl) async -> ExecutionEnd {
        var logger = logger
        logger[metadataKey: "job.id"] = "\(job.id)"
        let began = ContinuousClock.now
        let log = JobLog(
            logger: logger,
            write: { lines in try await store.appendLogs(lines, of: job.held) },
            onLost: { control.kill() }
        )
        let reporter = Reporter(
            store: store,
            job: job.held,
            log: log,
            control: control,
            sealing: sealing,
            logger: logger
        )
        logger.debug("job started", metadata: ["attempt": "\(job.attempt)"])
        // The job's end is recorded even if this task is cancelled.
        let result = await withTaskGroup(of: Void.self) { group in
            group.addTask { await log.run() }
            let verdict = await perform(job, reporter: reporter, control: control)
            group.cancelAll()
            await group.waitForAll()
            await log.finish(until: control.leaseDeadline)
            return await record(verdict, of: job, control: control, logger: logger)
        }
        observe(job, result, began.duration(to: .now))
        logger.info("job ended", metadata: ["result": "\(result.rawValue)", "attempt": "\(job.attempt)"])
        return result
    }

    /// Calls the provisioner and turns its result into a verdict.
    private func perform(_ job: ClaimedJob, reporter: Reporter, control: ExecutionControl) async -> Verdict {
        guard let provisioner = job.provisioner.known.flatMap({ provisioners[$0] }) else {
            return Verdict(
                job,
                failure: ProvisioningFailure(.invalid, "This worker has no provisioner '\(job.provisioner)'")
            )
        }
        do {
            switch job.type {
            case .workspaceBuild:
                let context = try await store.buildContext(of: job.held)
                let request = try await buildRequest(job, context, provisioner)
                let verdict = await build(job, request, provisioner, reporter: reporter, control: control)
                return (context.build.transition == .delete ? verdict.destroying(context.lateStates) : verdict)
                    .replacing(context.replaced).ending(context)
            case .templateVersionImport:
                let (request, context) = try await importRequest(job)
                let manifest = try await provisioner.importVersion(request, reporter: reporter, control: control)
                return .imported(manifest, context)
            }
        } catch let failure as ProvisioningFailure {
            return failed(job, failure, reporter, control)
        } catch let error as StoreError where error.code == .leaseLost {
            return .lost
        } catch let error as PostgresError where error.isRetriable {
            // The database was down for a moment, and nothing has begun.
            logger.warning("the job could not be started", metadata: ["job.id": "\(job.id)", "error": "\(error)"])
            return .again(.handedOver, after: .seconds(1), state: nil)
        } catch {
            return Verdict(job, failure: ProvisioningFailure(.transient, "\(error)"))
        }
    }
}

extension Executor {
    private func failed(
        _ job: ClaimedJob,
        _ failure: ProvisioningFailure,
        _ reporter: Reporter,
        _ control: ExecutionControl
    ) -> Verdict {
        let failure = failure.bounded
        for line in failure.message.split(whereSeparator: \.isNewline) {
            reporter.log(LogLine(level: .error, output: String(line)))
        }
        return Verdict(job, failure: failure, interruption: control.interruption, timings: reporter.timings)
    }

    private func build(
        _ job: ClaimedJob,
        _ request: BuildRequest,
        _ provisioner: any Provisioner,
        reporter: Reporter,
        control: ExecutionControl
    ) async -> Verdict {
        do throws(ProvisioningFailure) {
            let outcome = try await provisioner.build(request, reporter: reporter, control: control).checked()
            for output in outcome.outputs { if let doubt = output.doubt { reporter.log(doubt) } }
            return Verdict(outcome: outcome, timings: reporter.timings)
        } catch {
            guard let refusal = refusal(of: request, because: error) else {
                return failed(job, error, reporter, control)
            }
            let error = error.bounded
            let isPolicy = error.code == .replacementBlocked
            reporter.log(
                LogLine(level: isPolicy ? .warn : .error, stage: isPolicy ? "plan" : "", output: error.message)
            )
            return Verdict(refusing: refusal, because: error, timings: reporter.timings)
        }
    }

    /// The fate of the claim that requested the build; `nil`: there is none, and the build just failed.
    private func refusal(of request: BuildRequest, because failure: ProvisioningFailure) -> ClaimRefusal? {
        // A workspace that has changed cannot go back to its pool, also if an earlier execution changed it.
        guard request.build.transition == .start, failure.state == request.state else { return nil }
        return switch (failure.code, replacementPolicy) {
        case (.replacementBlocked, .block): .block
        case (.replacementBlocked, .fresh): .fresh
        // The module refuses the values, and nothing was spent. A new build would have the same values.
        case (.invalid, _) where failure.isUntouched && !request.refreshFirst: .block
        default: nil
        }
    }
}

// MARK: - Requests

extension Executor {
    private func buildRequest(
        _ job: ClaimedJob,
        _ context: BuildContext,
        _ provisioner: any Provisioner
    ) async throws -> BuildRequest {
        let states = try await states(job, context, provisioner)
        return BuildRequest(
            job: job.held,
            build: context.build,
            archive: archive(context.file),
            state: states.state,
            lateStates: states.late,
            agentTokens: try await agentTokens(job, context),
            providerToken: try await providerToken(job, context),
            earlierOutputs: try await earlierOutputs(context),
            serverURL: try await agents?.url ?? "",
            replacementPolicy: replacementPolicy,
            refreshFirst: job.refreshFirst,
            isRehearsal: context.isRehearsal,
            rehearses: context.lacksRehearsal ? try await store.takeRehearsal(job.held) : false
        )
    }

    /// The initial state, merged with the late states, and the unmerged rest of those. The database has it before the
    /// build begins, so nothing is forgotten.
    private func states(
        _ job: ClaimedJob,
        _ context: BuildContext,
        _ provisioner: any Provisioner
    ) async throws -> (state: [UInt8]?, late: [[UInt8]]) {
        var stored: [UInt8]?
        if let state = context.state { stored = try await sealing.opened(state) }
        // Nothing of a rehearsal may remain, so it takes nothing over either.
        if context.isRehearsal { return (stored, []) }
        var state = stored
        var taken: [(state: LateState, rest: [UInt8]?)] = []
        for late in context.lateStates {
            let (known, opened) = (state, try await sealing.opened(late.state))
            let (joined, rest) = await BlockingWork.run { () throws(Never) in
                provisioner.takingOver(opened, into: known)
            }
            state = joined
            taken.append((late, rest))
        }
        if let state, state != stored || taken.contains(where: { $0.rest == nil }) {
            var sealed: [(state: LateState, rest: [UInt8]?)] = []
            for (late, rest) in taken {
                guard let rest else {
                    sealed.append((late, nil))
                    continue
                }
                sealed.append((late, try await sealing.sealed(rest)))
            }
            let isHeld = try await store.takeOver(sealed, into: sealing.sealed(state), of: job.held)
            guard isHeld else { throw StoreError.leaseLost(job.id) }
        }
        return (state, taken.compactMap(\.rest))
    }

    /// The tokens of the version's agents. The database knows the agents before a build that starts them.
    private func agentTokens(_ job: ClaimedJob, _ context: BuildContext) async throws -> [String: String] {
        guard let agents, !context.agents.isEmpty else { return [:] }
        let tokens = try await agents.tokens(of: context.agents, in: context.build.workspace.id)
        if context.build.transition == .start, !context.isRehearsal {
            let known = try await store.prepareAgents(tokens.mapValues(AgentTokenHash.init(of:)), of: job.held)
            guard known else { throw StoreError.leaseLost(job.id) }
        }
        return tokens
    }

    /// The token of the first agent. A version that declares none has one too, so that the provider makes none.
    private func providerToken(_ job: ClaimedJob, _ context: BuildContext) async throws -> String {
        guard let agents, job.provisioner == OpenEnum(.terraform) else { return "" }
        let name = context.agents.first ?? "main"
        return try await agents.tokens(of: [name], in: context.build.workspace.id)[name] ?? ""
    }

    private func importRequest(_ job: ClaimedJob) async throws -> (ImportRequest, ImportContext) {
        let context = try await store.importContext(of: job.held)
        let request = ImportRequest(
            job: job.held,
            organization: context.organization,
            templateName: context.templateName,
            versionName: context.versionName,
            archive: archive(context.file)
        )
        return (request, context)
    }

    /// The template's files; an empty archive when there are none, as for the echo provisioner.
    private func archive(_ file: StoredFile?) -> TemplateArchive {
        TemplateArchive(hash: file?.hash ?? "") {
            guard let file else { return [] }
            return try await store.fileData(file.id)
        }
    }
}
