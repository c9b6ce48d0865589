// SPDX-License-Identifier: Apache-2.0

import Supervision
import SystemPackage
import TestSupport
import Testing

@Suite struct ServiceManagerTests {
    @Test func `without its socket there is nobody to tell`() {
        #expect(ServiceManager(environment: [:]) == nil)
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": "relative"]) == nil)
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": "/run/notify"]) != nil)
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": "@abstract"]) != nil)
    }

    @Test func `its watchdog counts when it is meant for this process`() {
        func watchdog(_ more: [String: String]) -> Duration? {
            let environment = ["NOTIFY_SOCKET": "/run/notify"].merging(more) { $1 }
            return ServiceManager(environment: environment, process: 7)?.watchdog
        }
        #expect(watchdog([:]) == nil)
        #expect(watchdog(["WATCHDOG_USEC": "30000000"]) == .seconds(30))
        #expect(watchdog(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"]) == .seconds(30))
        #expect(watchdog(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"]) == nil)
        #expect(watchdog(["WATCHDOG_USEC": "0"]) == nil)
        #expect(watchdog(["WATCHDOG_USEC": "soon"]) == nil)
    }

    @Test func `notices are words that sd_notify(3) knows, and a status is one line`() {
        let notices: [Notice] = [
            .ready, .stopping, .alive, .moreTime(.milliseconds(1500)), .status("two\nREADY=1\r\nlines"),
        ]
        #expect(
            notices.map(\.text) == [
                "READY=1", "STOPPING=1", "WATCHDOG=1", "EXTEND_TIMEOUT_USEC=1500000", "STATUS=two READY=1 lines",
            ]
        )
    }

    @Test(.timeLimit(.minutes(1))) func `what is told together arrives as one datagram`() async throws {
        let socket = try NoticeSocket(in: await TestArea.shared.makeDirectory("notices"))
        let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": socket.path.string]))
        try manager.tell([.ready, .status("well")])
        #expect(try await socket.next() == ["READY=1", "STATUS=well"])
    }

    @Test func `a socket that is gone is an error`() throws {
        let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": "/nowhere/notify"]))
        #expect(throws: NoticeFailure(errno: 2)) { try manager.tell([.ready]) }
    }
}
