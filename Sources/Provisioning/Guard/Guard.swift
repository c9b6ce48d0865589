// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// The guard process between a worker and one of its children.
///
/// The guard leads a session, so that a terminal's Ctrl-C reaches neither it nor the child; the child leads a process
/// group in it. The guard is a subreaper: it becomes the parent of whatever the child leaves behind, and kills it when
/// the child has ended, unless it has a session of its own and the child ended by itself. The guard ends the child on
/// request, when the worker is gone (their socket closes), and when its lease was not renewed: SIGINT to the group,
/// then SIGKILL to all descendants after the grace, at the lease's end at the latest. Then it saves the child's state
/// file. If the guard itself is killed, the kernel kills the child.
///
/// The child's output goes directly to the worker; once the worker is gone, the guard reads it (``AbandonedOutput``).
/// The guard ends as the child did, with the same exit code or signal.
///
/// The guard hides itself before anything else, as the worker does: no process may inspect or trace it. It does not
/// confine itself, but applies the worker's rules to the child (``Confinement``).
///
/// Descriptors: 0 to 2 are the child's, 3 is the socket to the worker, 4 keeps the work directory locked, 5 and 6 are
/// the ends of the child's outputs that the worker reads, 7 holds the rules for the child, if there are any, and 8
/// shows the first process of a container that this guard lives. The child inherits only its own.
package enum Guard {
    private static let socket: Int32 = 3
    private static let lock: Int32 = 4
    private static let output: Int32 = 5
    private static let errors: Int32 = 6
    private static let rules: Int32 = 7
    private static let presence: Int32 = 8

    /// Runs as a guard until its child has ended. Call it first when `argv[1]` is `guard`: it must be the only thread.
    ///
    /// - Parameter arguments: The whole `argv`.
    /// - Returns: The child's exit code; 127 when it could not be started, 64 when this is not a guard's command line.
    ///   When a signal ended the child, the guard ends by the same signal, and nothing is returned.
    package static func main(arguments: [String]) -> Int32 {
        _ = stoker_hide_process()
        guard let charge = GuardCharge(commandLine: arguments), fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 else {
            return 64
        }
        for descriptor in [lock, output, errors, rules, presence] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        let signals = stoker_guard_signals()
        let timer = stoker_boot_timer()
        guard signals >= 0, timer >= 0, stoker_become_subreaper() == 0 else {
            GuardMessage.notStarted(errno: errno).send(over: socket)
            return 127
        }
        guard stoker_boot_time() < charge.lease.interruptAt else {
            // The worker was frozen before the start: another worker may run the job by now.
            GuardMessage.ending(.lease).send(over: socket)
            GuardMessage.notStarted(errno: ETIME).send(over: socket)
            return 127
        }
        let child = spawn(charge)
        guard child > 0 else {
            GuardMessage.notStarted(errno: -child).send(over: socket)
            return 127
        }
        GuardMessage.started(pid: child).send(over: socket)
        releaseStandardDescriptors()

        var watch = Watch(child: child, charge)
        let status = watch.untilChildEnds(signals: signals, timer: timer)
        watch.sweep()
        let workerListens = GuardMessage.ended(waitStatus: status).send(over: socket)
        if !workerListens { watch.readTheRest() }
        if watch.course.cause != nil || !workerListens {
            StateSpool.save(stateFile: charge.stateFile, as: charge.spoolFile, bounds: charge.bounds)
        }
        return end(like: status)
    }

    private static func spawn(_ charge: GuardCharge) -> pid_t {
        var arguments = charge.childArguments.map { strdup($0) }
        defer { arguments.forEach { free($0) } }
        arguments.append(nil)
        var confinement = charge.confinement.forC(rules: rules)
        return stoker_spawn_ward(charge.executable, arguments, &confinement)
    }

    /// The pipes must close when the child closes its side.
    private static func releaseStandardDescriptors() {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { return }
        for descriptor: Int32 in 0...2 { dup2(null, descriptor) }
        close(null)
    }

    private static func end(like status: Int32) -> Int32 {
        let ending = ChildStatus(waitStatus: status)
        guard case .signaled(let number) = ending else { return ending.shellCode }
        // A core dump, if any, is the child's.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        signal(number, SIG_DFL)
        var only = sigset_t()
        sigemptyset(&only)
        sigaddset(&only, number)
        sigprocmask(SIG_UNBLOCK, &only, nil)
        raise(number)
        return ending.shellCode
    }

    /// The guard's event loop around ``GuardCourse``.
    private struct Watch: ~Copyable {
        let child: pid_t
        var course: GuardCourse
        private let stateFile: FilePath?
        private let bounds: ChildBounds
        /// Used once the worker is gone.
        private var abandoned: AbandonedOutput?

        init(child: pid_t, _ charge: GuardCharge) {
            self.child = child
            course = GuardCourse(lease: charge.lease, grace: charge.grace)
            stateFile = charge.statesInOutput ? FilePath(charge.stateFile) : nil
            bounds = charge.bounds
        }

        /// Returns the child's wait status.
        mutating func untilChildEnds(signals: Int32, timer: Int32) -> Int32 {
            while true {
                stoker_set_boot_timer(timer, max(1, course.nextAlarm(after: stoker_boot_time())))
                // It takes the socket's place, which would be readable for ever once it is closed.
                let spoken = abandoned?.descriptors ?? [Guard.socket]
                var waiting = ([signals, timer] + spoken).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
                poll(&waiting, nfds_t(waiting.count), -1)
                if waiting[0].revents != 0, let status = reap(signals) { return status }
                if abandoned != nil { abandoned?.drain() } else if waiting[2].revents != 0 { listen() }
                follow(.alarm)
            }
        }

        private mutating func reap(_ signals: Int32) -> Int32? {
            while true {
                let number = stoker_next_signal(signals)
                if number == 0 { break }
                if number != SIGCHLD { follow(.signaled) }
            }
            var status: Int32 = 0
            while true {
                let ended = waitpid(-1, &status, WNOHANG)
                if ended == child { return status }
                if ended <= 0 { return nil }
            }
        }

        private mutating func listen() {
            while true {
                switch GuardMessage.receive(from: Guard.socket) {
                case .message(let message): follow(.told(message))
                case .nothing: return
                case .closed:
                    abandoned = readOutput()
                    return follow(.workerGone)
                }
            }
        }

        private mutating func follow(_ event: GuardCourse.Event) {
            let before = course.cause
            let step = course.follow(event, now: stoker_boot_time())
            if let cause = course.cause, before == nil { GuardMessage.ending(cause).send(over: Guard.socket) }
            switch step {
            case .interrupt: Glibc.kill(-child, SIGINT)
            case .kill: Guard.killDescendants()
            case nil: break
            }
        }

        /// Output of the ended child that was not read.
        mutating func readTheRest() {
            var rest = abandoned.take() ?? readOutput()
            rest.drain()
        }

        private func readOutput() -> AbandonedOutput {
            AbandonedOutput(output: Guard.output, errors: Guard.errors, stateFile: stateFile, bounds: bounds)
        }

        /// Kills and reaps everything that the child left, until nothing remains.
        ///
        /// Processes with a session of their own (`setsid`) stay when the child ended by itself: they are what was
        /// built.
        func sweep() {
            // A process that stays may have a dead child of this session, which it never reaps.
            var roundsLeft = 400
            while true {
                let ended = waitpid(-1, nil, WNOHANG)
                if ended < 0 && errno == ECHILD { return }
                if ended > 0 { continue }
                if course.cause != nil {
                    Guard.killDescendants()
                } else {
                    roundsLeft -= 1
                    if Guard.killOwnSession() == 0 || roundsLeft == 0 { return }
                }
                poll(nil, 0, 5)
            }
        }
    }

    /// Returns their number.
    private static func killOwnSession() -> Int {
        var count = 0
        withUnsafeMutablePointer(to: &count) { count in
            _ = stoker_each_descendant(
                { descendant, count in
                    guard getsid(descendant) == getsid(0), Glibc.kill(descendant, SIGKILL) == 0 else { return }
                    count?.assumingMemoryBound(to: Int.self).pointee += 1
                },
                count
            )
        }
        return count
    }

    private static func killDescendants() {
        _ = stoker_each_descendant({ descendant, _ in _ = Glibc.kill(descendant, SIGKILL) }, nil)
    }
}
