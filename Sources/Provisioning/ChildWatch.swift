// SPDX-License-Identifier: Apache-2.0

import Basics
import CLinux
import Domain
import Glibc
import SystemPackage

/// Watches one child and its guard, from a thread that may block.
struct ChildWatch: ~Copyable {
    private let command: ChildCommand
    private let control: ExecutionControl
    private let wakeUp: WakeUp
    private let observer: Int
    /// The guard's process, until it is reaped.
    private let guardPID: pid_t
    private var socket: Int32
    private let outputs: ChildOutputs
    private var sent: ExecutionControl.Request
    private var childPID: pid_t?
    private var status: ChildStatus?
    private var cause: GuardCause?
    private var startFailure: Int32?
    private var isOverflowKilled = false
    /// Whether the output had overflowed before anything else interrupted the execution.
    private var isOverflowFirst = false
    /// The time by which the guard must have carried out its request.
    private var guardDeadline: ContinuousClock.Instant?

    init(
        _ command: ChildCommand,
        _ runner: ChildRunner,
        in directory: WorkDirectory,
        control: ExecutionControl
    ) throws(ProvisioningFailure) {
        let request = control.request
        let preparation: ChildPreparation
        do throws(FileFailure) {
            preparation = try ChildPreparation(command, in: directory, runner.isolation, root: runner.root)
        } catch {
            throw .notStarted(command.executable, error.description)
        }
        let charge = GuardCharge(
            lease: GuardLease(until: request.lease),
            grace: control.limits.interruptGrace.nanoseconds,
            stateFile: directory.stateFile.string,
            spoolFile: directory.spoolFile.string,
            statesInOutput: command.statesInOutput,
            stateBytes: runner.bounds.stateBytes,
            confinement: preparation.confinement,
            executable: command.executable.string,
            arguments: command.arguments
        )
        let spawned: SpawnedGuard
        let wakeUp: WakeUp
        let outputs: ChildOutputs
        do throws(FileFailure) {
            wakeUp = try WakeUp.make()
            outputs = try ChildOutputs(control, runner.bounds, notice: wakeUp)
            spawned = try SpawnedGuard(
                charge,
                runner.guardExecutable,
                command,
                lock: directory.lock,
                rules: preparation.rules?.descriptor ?? -1,
                presence: runner.presence
            )
            // The rule set's descriptor stays open until the guard has inherited it.
            _fixLifetime(preparation.rules)
        } catch {
            throw .notStarted(runner.guardExecutable, error.description)
        }
        guard outputs.start(spawned.output, command.output, spawned.errors, command.errors) else {
            kill(spawned.pid, SIGKILL)
            close(spawned.socket)
            while waitpid(spawned.pid, nil, 0) < 0 && errno == EINTR {}
            throw .notStarted(command.executable, "no thread is left")
        }
        self.init(command, control, spawned, outputs, wakeUp, sent: request)
    }

    private init(
        _ command: ChildCommand,
        _ control: ExecutionControl,
        _ spawned: SpawnedGuard,
        _ outputs: ChildOutputs,
        _ wakeUp: WakeUp,
        sent: ExecutionControl.Request
    ) {
        guardPID = spawned.pid
        socket = spawned.socket
        self.outputs = outputs
        // The guard got the lease when it was started; it does not know later changes yet.
        self.sent = ExecutionControl.Request(lease: sent.lease)
        self.command = command
        self.control = control
        self.wakeUp = wakeUp
        observer = control.observe { wakeUp.signal() }
    }

    deinit {
        control.removeObserver(observer)
        if socket >= 0 { close(socket) }
    }

    /// Passes requests on until child and guard have ended.
    mutating func untilEnd() throws(ProvisioningFailure) -> ChildResult {
        while socket >= 0 {
            wait()
            passRequest()
            enforceLimits()
        }
        let guardStatus = reapGuard()
        // A guard that was killed may have left processes.
        if status == nil, let childPID { kill(-childPID, SIGKILL) }
        return try judge(guardStatus, outputs.finish())
    }

    private mutating func wait() {
        var waiting = [wakeUp.descriptor, socket].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        poll(&waiting, nfds_t(waiting.count), timeout())
        if waiting[0].revents != 0 { wakeUp.drain() }
        if waiting[1].revents != 0 { listen() }
    }

    private mutating func listen() {
        while true {
            switch GuardMessage.receive(from: socket) {
            case .message(.started(let pid)): childPID = pid
            case .message(.notStarted(let errno)): startFailure = errno
            case .message(.ending(let cause)): self.cause = cause
            case .message(.ended(let waitStatus)): status = ChildStatus(waitStatus: waitStatus)
            case .message: break
            case .nothing: return
            case .closed:
                close(socket)
                socket = -1
                return
            }
        }
    }

    private mutating func passRequest() {
        let request = control.request
        guard request != sent, socket >= 0 else { return }
        if request.lease != sent.lease {
            let lease = GuardLease(until: request.lease)
            GuardMessage.renew(lease).send(over: socket)
        }
        if request.interruption != nil && sent.interruption == nil {
            give(.interrupt, within: control.limits.interruptGrace)
        }
        if request.killed && !sent.killed { give(.kill, within: .zero) }
        sent = request
    }

    /// Sends a request that ends the child, with the time that the guard has for it.
    private mutating func give(_ order: GuardMessage, within grace: Duration) {
        order.send(over: socket)
        // The child may have stopped the guard.
        kill(guardPID, SIGCONT)
        let end = ContinuousClock.now + grace + control.limits.guardGrace
        guardDeadline = min(guardDeadline ?? end, end)
    }

    private mutating func enforceLimits() {
        if outputs.overflowed, !isOverflowKilled {
            isOverflowKilled = true
            isOverflowFirst = control.interruption == nil
            give(.kill, within: .zero)
        }
        let now = ContinuousClock.now
        if let guardDeadline, now >= guardDeadline { return endByForce() }
        guard control.interruption == nil else { return }
        if now >= control.started + control.limits.wallClock {
            control.interrupt(.timeout)
        } else if now >= outputs.lastOutput + control.limits.noOutput {
            control.interrupt(.noOutput)
        }
    }

    /// Kills a guard that does not do its work. The kernel then kills the child.
    private mutating func endByForce() {
        _ = stoker_each_descendant_of(guardPID, { descendant, _ in _ = kill(descendant, SIGKILL) }, nil)
        kill(guardPID, SIGKILL)
        guardDeadline = nil
    }

    /// Milliseconds until the next limit; -1 when there is none.
    private func timeout() -> Int32 {
        var limit = guardDeadline
        if control.interruption == nil {
            let next = min(control.started + control.limits.wallClock, outputs.lastOutput + control.limits.noOutput)
            limit = min(limit ?? next, next)
        }
        guard let limit else { return -1 }
        return Int32(clamping: max(0, (limit - .now).nanoseconds / 1_000_000 + 1))
    }

    private func reapGuard() -> ChildStatus {
        var status: Int32 = 0
        while waitpid(guardPID, &status, 0) < 0 && errno == EINTR {}
        return ChildStatus(waitStatus: status)
    }

    private func judge(
        _ guardStatus: ChildStatus,
        _ collected: ChildOutputs.Collected
    ) throws(ProvisioningFailure) -> ChildResult {
        if let startFailure, cause == nil {
            throw .notStarted(command.executable, SystemError.startFailure(startFailure))
        }
        if outputs.overflowed {
            // A child that is being ended may print errors without end: the reason that came first counts.
            if let interruption = control.interruption, !isOverflowFirst {
                throw ProvisioningFailure(interruption, limits: control.limits)
            }
            let generally = "\(command.executable.string) printed more than can be kept."
            throw command.tooMuchOutput ?? ProvisioningFailure(.failed, generally)
        }
        if let status, status.isSuccess || (cause == nil && control.interruption == nil) {
            return ChildResult(status: status, output: collected.output, errors: collected.errors)
        }
        if let interruption = control.interruption { throw ProvisioningFailure(interruption, limits: control.limits) }
        if cause != nil { throw ProvisioningFailure(.leaseEnding, limits: control.limits) }
        throw ProvisioningFailure(
            .transient,
            "The guard of \(command.executable.string) ended with \(guardStatus) before its child did."
        )
    }
}

extension WakeUp {
    static func make() throws(FileFailure) -> WakeUp {
        do throws(SystemError) { return try WakeUp() } catch {
            throw FileFailure("make", "an eventfd", errno: error.code)
        }
    }
}

extension GuardLease {
    /// The deadline on the boot clock, so that a guard can read it without the worker.
    ///
    /// The boot clock is read first: when the worker is frozen between the two readings, the lease gets shorter, never
    /// longer.
    init(until deadline: ContinuousClock.Instant) {
        let bootTime = stoker_boot_time()
        let left = max(.zero, deadline - .now)
        killAt = bootTime + left.nanoseconds
        interruptAt = killAt - ExecutionLimits.margin(ofLease: left).nanoseconds
    }
}

extension SystemError {
    /// Why a program could not be started, with the usual cause.
    static func startFailure(_ errno: Int32) -> String {
        switch errno {
        case ENOEXEC: "it is neither a program nor begins with `#!`"
        case ENOENT: "it, or the interpreter that its first line names, does not exist"
        default: SystemError(errno).description
        }
    }
}
