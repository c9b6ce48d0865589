// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// One child and its guard, watched from a thread that may block.
struct ChildWatch: ~Copyable {
    private let command: ChildCommand
    private let control: ExecutionControl
    private let wakeUp: WakeUp
    private let observer: Int
    /// The guard's process, until it is reaped.
    private let guardPID: pid_t
    private var socket: Int32
    private var output: OutputReader
    private var errors: OutputReader
    private var sent: ExecutionControl.Orders
    private var childPID: pid_t?
    private var status: ChildStatus?
    private var cause: GuardCause?
    private var startFailure: Int32?
    private var lastOutput = ContinuousClock.now
    private var isOverflowKilled = false

    init(
        _ command: ChildCommand,
        guardExecutable: FilePath,
        in directory: WorkDirectory,
        control: ExecutionControl
    ) throws(ProvisioningFailure) {
        let orders = control.orders
        let charge = GuardCharge(
            lease: GuardLease(until: orders.lease, margin: control.limits.leaseMargin),
            grace: control.limits.interruptGrace.nanoseconds,
            stateFile: directory.stateFile.string,
            spoolFile: directory.spoolFile.string,
            statesInOutput: command.statesInOutput,
            executable: command.executable.string,
            arguments: command.arguments
        )
        let spawned: SpawnedGuard
        let wakeUp: WakeUp
        do throws(FileFailure) {
            wakeUp = try WakeUp()
            spawned = try SpawnedGuard(charge, guardExecutable, command, lock: directory.lock)
        } catch {
            throw .notStarted(guardExecutable, error.description)
        }
        self.init(command, control, spawned, wakeUp, sent: orders)
    }

    private init(
        _ command: ChildCommand,
        _ control: ExecutionControl,
        _ spawned: SpawnedGuard,
        _ wakeUp: WakeUp,
        sent: ExecutionControl.Orders
    ) {
        guardPID = spawned.pid
        socket = spawned.socket
        output = OutputReader(spawned.output, command.output)
        errors = OutputReader(spawned.errors, command.errors)
        // The lease is what the guard was started with; of the rest it knows nothing yet.
        self.sent = ExecutionControl.Orders(lease: sent.lease)
        self.command = command
        self.control = control
        self.wakeUp = wakeUp
        observer = control.observe { wakeUp.signal() }
    }

    deinit {
        control.removeObserver(observer)
        if socket >= 0 { close(socket) }
    }

    /// Passes output and orders on until child and guard have ended.
    mutating func untilEnd() throws(ProvisioningFailure) -> ChildResult {
        while socket >= 0 {
            wait()
            passOrders()
            enforceLimits()
        }
        let guardStatus = reapGuard()
        drainRest()
        return try judge(guardStatus)
    }

    private mutating func wait() {
        var waiting = [wakeUp.descriptor, socket, output.descriptor, errors.descriptor]
            .map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        poll(&waiting, nfds_t(waiting.count), timeout())
        if waiting[0].revents != 0 { wakeUp.drain() }
        var heard = false
        if waiting[2].revents != 0 { heard = output.drain() || heard }
        if waiting[3].revents != 0 { heard = errors.drain() || heard }
        if heard { lastOutput = .now }
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

    private mutating func passOrders() {
        let orders = control.orders
        guard orders != sent, socket >= 0 else { return }
        if orders.lease != sent.lease {
            let lease = GuardLease(until: orders.lease, margin: control.limits.leaseMargin)
            GuardMessage.renew(lease).send(over: socket)
        }
        if orders.interruption != nil && sent.interruption == nil { GuardMessage.interrupt.send(over: socket) }
        if orders.killed && !sent.killed { GuardMessage.kill.send(over: socket) }
        sent = orders
    }

    private mutating func enforceLimits() {
        if output.overflowed || errors.overflowed, !isOverflowKilled {
            isOverflowKilled = true
            GuardMessage.kill.send(over: socket)
        }
        guard control.interruption == nil else { return }
        let now = ContinuousClock.now
        if now >= control.started + control.limits.wallClock {
            control.interrupt(.timeout)
        } else if now >= lastOutput + control.limits.noOutput {
            control.interrupt(.noOutput)
        }
    }

    /// Milliseconds until a limit passes; -1 when none is left to pass.
    private func timeout() -> Int32 {
        guard control.interruption == nil else { return -1 }
        let limit = min(control.started + control.limits.wallClock, lastOutput + control.limits.noOutput)
        let left = (limit - .now).nanoseconds / 1_000_000 + 1
        return Int32(clamping: max(0, left))
    }

    private func reapGuard() -> ChildStatus {
        var status: Int32 = 0
        while waitpid(guardPID, &status, 0) < 0 && errno == EINTR {}
        return ChildStatus(waitStatus: status)
    }

    /// With the guard all writers have gone, so that the end of both streams is near; a guard that was killed may have
    /// left some, which are not waited for.
    private mutating func drainRest() {
        if status == nil, let childPID { kill(-childPID, SIGKILL) }
        let patience = ContinuousClock.now + .seconds(1)
        while output.isOpen || errors.isOpen, status != nil || ContinuousClock.now < patience {
            var waiting = [output.descriptor, errors.descriptor]
                .map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&waiting, nfds_t(waiting.count), 100) > 0 || status == nil else { break }
            _ = output.drain()
            _ = errors.drain()
        }
        output.finish()
        errors.finish()
    }

    private func judge(_ guardStatus: ChildStatus) throws(ProvisioningFailure) -> ChildResult {
        if let startFailure, cause == nil {
            throw .notStarted(command.executable, SystemError.startFailure(startFailure))
        }
        if output.overflowed || errors.overflowed {
            let generally = "\(command.executable.string) printed more than can be kept."
            throw command.tooMuchOutput ?? ProvisioningFailure(.failed, generally)
        }
        if let status, status.isSuccess || (cause == nil && control.interruption == nil) {
            return ChildResult(status: status, output: output.collected, errors: errors.collected)
        }
        if let interruption = control.interruption { throw ProvisioningFailure(interruption, limits: control.limits) }
        if cause != nil { throw ProvisioningFailure(.leaseEnding, limits: control.limits) }
        throw ProvisioningFailure(
            .transient,
            "The guard of \(command.executable.string) ended with \(guardStatus) before its child did."
        )
    }
}

/// A descriptor that wakes a sleeping `poll`. It lives as long as anyone may still signal it.
final class WakeUp: Sendable {
    let descriptor: Int32

    init() throws(FileFailure) {
        descriptor = stoker_eventfd()
        guard descriptor >= 0 else { throw FileFailure("make", "an eventfd", errno: errno) }
    }

    deinit { close(descriptor) }

    func signal() { stoker_eventfd_signal(descriptor) }

    func drain() { stoker_eventfd_drain(descriptor) }
}

extension GuardLease {
    /// Translated to the boot clock, so that a guard reads it without the worker.
    ///
    /// The boot clock is read first: a worker that is frozen between the two readings makes the lease shorter, never
    /// longer.
    init(until deadline: ContinuousClock.Instant, margin: Duration) {
        let bootTime = stoker_boot_time()
        let left = max(0, (deadline - .now).nanoseconds)
        killAt = bootTime + left
        interruptAt = killAt - min(margin.nanoseconds, left / 3)
    }
}

extension Duration {
    /// Whole nanoseconds, as many as 64 bits hold.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        guard abs(seconds) < 4_000_000_000 else {
            return seconds < 0 ? -4_000_000_000_000_000_000 : 4_000_000_000_000_000_000
        }
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}

extension SystemError {
    /// Why a program could not be started, with what is usually wrong.
    static func startFailure(_ errno: Int32) -> String {
        switch errno {
        case ENOEXEC: "it is neither a program nor begins with `#!`"
        case ENOENT: "it, or the interpreter that its first line names, does not exist"
        default: text(errno)
        }
    }
}
