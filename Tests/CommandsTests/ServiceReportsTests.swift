// SPDX-License-Identifier: Apache-2.0

import Logging
import Server
import Supervision
import Testing
import Worker

@testable import Commands

@Suite struct ServiceReportsTests {
    private static func reports(_ drain: Drain, watchdog: Bool = true) -> ServiceReports {
        var environment = ["NOTIFY_SOCKET": "/nowhere"]
        if watchdog { environment["WATCHDOG_USEC"] = "10000000" }
        return ServiceReports(
            manager: ServiceManager(environment: environment),
            drain: drain,
            capacity: 4,
            runningJobs: { 2 },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    }

    @Test func `a worker says that it is alive and what it does`() {
        #expect(Self.reports(Drain()).report == [.alive, .status("Runs 2 of 4 jobs")])
        #expect(Self.reports(Drain(), watchdog: false).report == [.status("Runs 2 of 4 jobs")])
    }

    @Test func `a drain by command does not end the process, and asks for no time`() {
        let drain = Drain()
        drain.advance(to: .draining, final: false)
        #expect(
            Self.reports(drain).report == [.alive, .status("Draining: takes nothing on, still runs 2 of 4 jobs")]
        )
    }

    @Test func `a drain at the end asks for more time with every report`() {
        let drain = Drain()
        drain.advance(to: .draining, final: true)
        #expect(
            Self.reports(drain).report == [
                .alive, .stopping, .moreTime(.seconds(30)),
                .status("Draining: takes nothing on, still runs 2 of 4 jobs"),
            ]
        )
        // A report that came later than the time it asked for would come too late.
        #expect(ServiceReports.interval * 2 < ServiceReports.moreTime)
    }

    @Test func `a check from the same machine goes to the loopback address`() throws {
        func asked(_ text: String) throws -> String {
            "\(HealthcheckCommand.reachable(try #require(HTTPAddress(text))))"
        }
        #expect(try asked("0.0.0.0:8080") == "127.0.0.1:8080")
        #expect(try asked("[::]:8080") == "[::1]:8080")
        #expect(try asked("10.0.0.5:80") == "10.0.0.5:80")
    }
}
