// SPDX-License-Identifier: Apache-2.0

package import Basics
package import Domain
package import Logging
package import Operations
package import Prebuilds
import ServiceLifecycle
package import Store
package import Templates
package import Time
import Tracing

/// Runs passes: for all pools at start, every interval and at the edges of schedules, and after notifications for those
/// that they name (``PassPacing``). Every worker tries; the lock elects the leader of each pass.
package struct Reconciler: Service {
    private let reconciliation: Reconciliation
    private let worker: WorkerID
    private let interval: Duration
    private let bell: Doorbell
    private let changedPools: ChangedPools
    private let drain: Drain
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let observe: @Sendable (Result<PassResult, any Error>, Duration) -> Void
    private let rest: @Sendable () -> Void
    private let memory = PlanMemory()

    /// - Parameter changedPools: What the bell has rung for; when there is nothing, a pass is for all pools.
    /// - Parameter observe: Called after every pass, also one that failed, with its result and how long it took.
    /// - Parameter rest: Called when no more passes are made, because the worker drains.
    package init(
        store: Store,
        worker: WorkerID,
        interval: Duration,
        limits: PlanLimits,
        bell: Doorbell,
        changedPools: ChangedPools = ChangedPools(),
        drain: Drain,
        zones: ZoneDirectory = ZoneDirectory(),
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger,
        observe: @escaping @Sendable (Result<PassResult, any Error>, Duration) -> Void = { _, _ in },
        rest: @escaping @Sendable () -> Void = {}
    ) {
        reconciliation = Reconciliation(store: store, limits: limits, zones: zones)
        self.worker = worker
        self.interval = interval
        self.bell = bell
        self.changedPools = changedPools
        self.drain = drain
        self.clock = clock
        self.logger = logger
        self.observe = observe
        self.rest = rest
    }

    package func run() async throws {
        drain.notify(bell)
        await withGracefulShutdownHandler {
            await loop(clock)
        } onGracefulShutdown: {
            bell.ring()
        }
        rest()
    }

    private func loop<C: Clock>(_ clock: C) async where C.Duration == Duration {
        var pacing = PassPacing<C>(interval: interval, now: clock.now)
        var changed = ChangedPools.Scope.all
        while true {
            // This comes first: a wake-up from here on may be about something that the pass has already read.
            bell.hush()
            changed = changed.union(changedPools.take())
            if isEnding { break }
            if drain.phase == .active {
                await attempt(pacing.scope(of: changed, now: clock.now), &pacing, clock)
            } else {
                rest()
                pacing.rest(now: clock.now)
            }
            let pause = drain.phase == .active ? max(clock.now.duration(to: pacing.dueAt), .zero) : interval
            guard await bell.wait(atMost: pause, clock: clock), !isEnding else {
                changed = .none
                continue
            }
            // Whoever rings without a word means everything.
            changed = changedPools.take()
            if changed == .none { changed = .all }
            // A change in quiet times is answered at once. Changes soon after a pass share the next one.
            try? await clock.sleep(until: pacing.start(pacing.scope(of: changed, now: clock.now)), tolerance: nil)
        }
    }

    private var isEnding: Bool { drain.isFinal || Task.isShuttingDownGracefully || Task.isCancelled }

    /// Makes one pass and logs its failure; a later one tries again. When it leaves pools undecided, makes one for all.
    private func attempt<C: Clock>(
        _ scope: ChangedPools.Scope,
        _ pacing: inout PassPacing<C>,
        _ clock: C
    ) async where C.Duration == Duration {
        guard scope != .none else { return }
        do {
            guard case .done(let plan, let applied) = try await pass(of: scope.presets) else {
                return pacing.miss(scope, hasFailed: false, now: clock.now)
            }
            report(plan, applied)
            pacing.end(plan, now: clock.now)
            if !plan.undecided.isEmpty { await attempt(.all, &pacing, clock) }
        } catch is CancellationError {
            return
        } catch {
            pacing.miss(scope, hasFailed: true, now: clock.now)
            logger.error("the pass failed and was rolled back", metadata: ["error": "\(error)"])
        }
    }

    /// Runs one pass. Throws the store's error; nothing was written then.
    ///
    /// - Parameter named: The presets to which it is limited; `nil`: none, it is for all pools.
    package func pass(at now: Instant? = nil, of named: Set<PresetID>? = nil) async throws -> PassResult {
        let began = ContinuousClock.now
        do {
            let result = try await withSpan("reconcile") { span in
                let result = try await reconciliation.pass(by: worker, at: now, of: named, memory: memory)
                if case .done(_, let applied) = result {
                    span.attributes["stoker.created"] = applied.createdTotal
                    span.attributes["stoker.deleted"] = applied.deleted.count
                    span.attributes["stoker.canceled"] = applied.canceled.count
                }
                return result
            }
            observe(.success(result), began.duration(to: .now))
            return result
        } catch {
            // A cancelled worker cancels its pass; that is no failure.
            if !(error is CancellationError) { observe(.failure(error), began.duration(to: .now)) }
            throw error
        }
    }

    private func report(_ plan: Plan, _ applied: AppliedPlan) {
        if applied.createdTotal > 0 || !applied.deleted.isEmpty || !applied.canceled.isEmpty
            || !applied.statusChanges.isEmpty
        {
            logger.info(
                "pools reconciled",
                metadata: [
                    "created": "\(applied.createdTotal)", "deleted": "\(applied.deleted.count)",
                    "canceled": "\(applied.canceled.count)", "status_changes": "\(applied.statusChanges.count)",
                ]
            )
        }
        for (preset, failure) in applied.failures {
            logger.error("a preset could not be written", metadata: ["preset.id": "\(preset)", "error": "\(failure)"])
        }
        for preset in plan.unreadable {
            logger.error(
                "a preset could not be read, and the pass left it out",
                metadata: [
                    "template": "\(preset.templateName)", "preset": "\(preset.presetName)",
                    "preset.id": "\(preset.presetID.map { "\($0)" } ?? "unknown")", "error": "\(preset.message)",
                ]
            )
        }
    }
}
