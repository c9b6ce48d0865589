// SPDX-License-Identifier: Apache-2.0

import Basics
import Logging
import ServiceLifecycle
import Supervision
import Worker

/// Reports to the service manager: that the worker has started and its tasks run, a status line, and during a drain an
/// extension of the time-out.
///
/// Without a service manager it does nothing until it is stopped.
struct ServiceReports: Service, CustomStringConvertible {
    /// The interval of reports, and how much more time each report of a drain requests.
    static let interval = Duration.seconds(5)
    static let moreTime = Duration.seconds(30)

    let manager: ServiceManager?
    let drain: Drain
    let capacity: Int
    let runningJobs: @Sendable () -> Int
    let logger: Logger

    /// Reports that the worker has started.
    func ready() {
        tell([.ready, status])
    }

    func run() async throws {
        let changes = Doorbell()
        drain.notify(changes)
        await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                tell(report)
                await changes.wait(atMost: pause)
            }
        } onGracefulShutdown: {
            changes.ring()
        }
    }

    /// The current status.
    var report: [Notice] {
        var notices: [Notice] = manager?.watchdog == nil ? [] : [.alive]
        if drain.isFinal { notices += [.stopping, .moreTime(Self.moreTime)] }
        return notices + [status]
    }

    private var status: Notice {
        let jobs = "\(runningJobs()) of \(capacity) jobs"
        return switch drain.phase {
        case .active: .status("Runs \(jobs)")
        case .draining: .status("Draining: takes nothing on, still runs \(jobs)")
        case .interrupting: .status("Draining: interrupting and handing over, still runs \(jobs)")
        case .killing: .status("Kills what still runs: \(jobs)")
        }
    }

    /// Twice within the watchdog's time.
    private var pause: Duration { min(Self.interval, manager?.watchdog.map { $0 / 2 } ?? Self.interval) }

    private func tell(_ notices: [Notice]) {
        do throws(NoticeFailure) { try manager?.tell(notices) } catch {
            logger.warning("the status could not be reported to the service manager", metadata: ["error": "\(error)"])
        }
    }

    var description: String { "ServiceReports" }
}
