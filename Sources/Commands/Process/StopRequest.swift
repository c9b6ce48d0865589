// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle
import Synchronization
import UnixSignals
import Worker

/// The signals that end a process (jobs.md, "Drain and maintenance"): the first SIGTERM drains, a second signal or
/// SIGINT interrupts running jobs, a third kills them.
final class StopRequest: Sendable {
    private struct State {
        var signals = 0
        var phase = Drain.Phase.active
        /// The running services; before that, the cancellation of the start.
        var running: (drain: Drain, group: ServiceGroup)?
        var giveUpStart: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    var isMade: Bool { state.withLock { $0.signals > 0 } }

    /// Whether running children were killed.
    var wasHard: Bool { state.withLock { $0.phase == .killing } }

    /// Runs the body, and passes on the signals that arrive meanwhile.
    ///
    /// A signal during the start cancels the body. After ``attach(_:_:)``, it shuts the services down.
    static func run<Result: Sendable>(
        _ body: @escaping @Sendable (StopRequest) async throws -> Result
    ) async throws -> Result {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let request = StopRequest()
        let listening = Task {
            for await signal in signals { await request.receive(signal) }
        }
        defer { listening.cancel() }
        return try await request.startingUnlessStopped { try await body(request) }
    }

    /// Runs the body, which a signal cancels as long as no services are attached.
    func startingUnlessStopped<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws
        -> Result
    {
        let work = Task { try await body() }
        let isMade = state.withLock { state in
            state.giveUpStart = { work.cancel() }
            return state.signals > 0
        }
        if isMade { work.cancel() }
        return try await work.value
    }

    /// From now on, a stop drains the worker and shuts down the group of its services.
    func attach(_ drain: Drain, _ group: ServiceGroup) async {
        let phase = state.withLock { state in
            state.running = (drain, group)
            return state.phase
        }
        if phase > .active { await pass(phase, to: drain, group) }
    }

    func receive(_ signal: UnixSignal) async {
        let (phase, running, giveUpStart) = state.withLock { state in
            state.signals += 1
            let asked: Drain.Phase = signal == .sigint ? .interrupting : .draining
            let next = Drain.Phase(rawValue: state.phase.rawValue + 1) ?? .killing
            state.phase = max(state.phase == .active ? asked : next, state.phase)
            return (state.phase, state.running, state.giveUpStart)
        }
        if let running { await pass(phase, to: running.drain, running.group) } else { giveUpStart?() }
    }

    private func pass(_ phase: Drain.Phase, to drain: Drain, _ group: ServiceGroup) async {
        drain.advance(to: phase, final: true)
        await group.triggerGracefulShutdown()
    }
}
