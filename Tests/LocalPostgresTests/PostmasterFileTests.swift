// SPDX-License-Identifier: Apache-2.0

import SystemPackage
import Testing

@testable import LocalPostgres

@Suite struct PostmasterFileTests {
    @Test func `the lines of a running server are read`() throws {
        let text = "77\n/data\n1762\n5432\n/run/socket\n\n  5123   98310\nready   \n"
        let file = try #require(PostmasterFile(text))
        #expect(file.pid == 77)
        #expect(file.port == 5432)
        #expect(file.socketDirectory == "/run/socket")
        #expect(file.status == "ready")
    }

    @Test func `a file that is not yet whole is of a server that starts`() throws {
        let file = try #require(PostmasterFile("77\n/data\n1762\n5432\n"))
        #expect(file.pid == 77)
        #expect(file.socketDirectory == nil)
        #expect(file.status == nil)
    }

    @Test func `a standalone backend has its process id negated`() {
        #expect(PostmasterFile("-77\n/data\n")?.pid == 77)
    }

    @Test(arguments: ["", "\n", "0\n", "pid\n/data\n"]) func `what begins with no process id is no file`(text: String) {
        #expect(PostmasterFile(text) == nil)
    }
}
