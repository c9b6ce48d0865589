// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage

/// The small process between a worker and one child of it.
///
/// It leads a session, so that a terminal's ^C reaches neither it nor the child; the child leads a process group in it.
/// Whatever the child leaves behind becomes the guard's own (it is a subreaper) and is killed when the child has ended,
/// unless it has a session of its own and nobody had to end the child.
/// It ends the child when told to, when the worker has gone (their socket closes), and when the lease it holds was not
/// renewed: SIGINT to the group, SIGKILL to all descendants after the grace, at the lease's end at the latest. Then it
/// saves the child's state file. If the guard itself is killed, the kernel kills the child.
///
/// The child's output goes straight to the worker; once that has gone, the guard reads it (``AbandonedOutput``). The guard
/// ends as the child did: same exit code, same signal.
///
/// It hides itself before anything else, as the worker does: nobody may look into it or trace it. It does not confine itself,
/// but puts the worker's rules on the child (``Confinement``).
///
/// Descriptors: 0 to 2 are the child's, 3 is the socket to the worker, 4 keeps the work directory locked, 5 and 6 are the
/// ends of the child's outputs that the worker reads, 7 the rules for the child, if there are any, and 8 tells the first
/// process of a container that this one lives. The child inherits none but its own.
package enum Guard {
    private static let socket: Int32 = 3
    private static let lock: Int32 = 4
    private static let output: Int32 = 5
    private static let errors: Int32 = 6
    private static let rules: Int32 = 7
    private static let presence: Int32 = 8

    /// Runs as a guard until its child has ended. Call it before anything else when `argv[1]` is `guard`: it must be
    /// the only thread.
    ///
    /// - Parameter arguments: The whole `argv`.
    /// - Returns: The child's exit code; 127 when it could not be started, 64 when this is no guard's command line. A
    ///   child ended by a signal ends the guard by the same one, and nothing is returned.
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
            // The worker was frozen before it came to start this: another may run the job by now.
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

    /// The pipes must close when the child's side closes.
    private static func releaseStandardDescriptors() {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { return }
        for descriptor: Int32 in 0...2 { dup2(null, descriptor) }
        close(null)
    }

    private static func end(like status: Int32) -> Int32 {
        let ending = ChildStatus(waitStatus: status)
        guard case .signaled(let number) = ending else { return ending.shellCode }
        // The core, if any, is the child's.
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

    /// The guard's loop around its course.
    private struct Watch: ~Copyable {
        let child: pid_t
        var course: GuardCourse
        private let stateFile: FilePath?
        private let bounds: ChildBounds
        /// Once the worker has gone.
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
                // In the place of the socket, which would be readable for ever once it is closed.
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

        /// What the child, which has ended, has printed and nobody has read.
        mutating func readTheRest() {
            var rest = abandoned.take() ?? readOutput()
            rest.drain()
        }

        private func readOutput() -> AbandonedOutput {
            AbandonedOutput(output: Guard.output, errors: Guard.errors, stateFile: stateFile, bounds: bounds)
        }

        /// Kills and reaps whatever the child has left, until there is nothing more.
        ///
        /// What has made a session of its own (`setsid`) stays where the child has ended by itself: it is what was built.
        func sweep() {
            // A process that stays may have a dead child of this session, which it never reaps.
            var patience = 400
            while true {
                let ended = waitpid(-1, nil, WNOHANG)
                if ended < 0 && errno == ECHILD { return }
                if ended > 0 { continue }
                if course.cause != nil {
                    Guard.killDescendants()
                } else {
                    patience -= 1
                    if Guard.killOwnSession() == 0 || patience == 0 { return }
                }
                poll(nil, 0, 5)
            }
        }
    }

    /// Returns how many there were.
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
