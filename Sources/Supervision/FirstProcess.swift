// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// What the first process of a container has to do, and a program otherwise need not: the kernel gives it every orphan to
/// reap, and lets no signal end it that it does not handle.
///
/// So the program runs as the only child of a small process, which passes signals on, reaps whatever ends, and ends as the
/// program did. When the program was killed, its guards save the states of what they guard first: the end of the first
/// process would kill them.
package enum FirstProcess {
    /// Splits off the program when this is the first process of its container, and returns in the program only; returns at
    /// once in any other process. It must be the only thread.
    package static func stepAside() {
        guard getpid() == 1 else { return }
        let signals = stoker_init_signals()
        guard signals >= 0 else { return }
        var absence: Int32 = -1
        let program = stoker_fork_ward(&absence)
        // The program takes its secrets out of its own command line; here nobody reads it again.
        if program > 0 {
            stoker_blot_arguments()
            exit(untilEnd(of: program, signals, absence))
        }
        // Also when there is no second process to be had: better alone than not at all.
        close(signals)
        stoker_unblock_signals()
    }

    /// A descriptor that only the program and its guards hold, for the first process to know when the last of them has ended.
    /// -1 where this process is not the program of a first one.
    package static var presence: Int32 { stoker_presence() }

    private static func untilEnd(of program: pid_t, _ signals: Int32, _ absence: Int32) -> Int32 {
        var code: Int32?
        while true {
            for (ended, status) in reaped() where ended == program { code = exitCode(status) }
            // Guards end with their leases at the latest. What a build has left does not hold the descriptor.
            let awaited = code == nil ? [signals] : [signals, absence]
            var waiting = awaited.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            poll(&waiting, nfds_t(waiting.count), -1)
            if let code, waiting[1].revents != 0 { return code }
            while case let number = stoker_next_signal(signals), number != 0 {
                if number != SIGCHLD, code == nil { kill(program, number) }
            }
        }
    }

    /// Every child that has ended by now, the program or an orphan that fell to this process.
    private static func reaped() -> [(process: pid_t, status: Int32)] {
        var ended: [(pid_t, Int32)] = []
        var status: Int32 = 0
        while case let process = waitpid(-1, &status, WNOHANG), process > 0 { ended.append((process, status)) }
        return ended
    }

    /// As a shell says it.
    private static func exitCode(_ status: Int32) -> Int32 {
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}
