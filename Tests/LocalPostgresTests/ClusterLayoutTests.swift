// SPDX-License-Identifier: Apache-2.0

import SystemPackage
import Testing

@testable import LocalPostgres

@Suite struct ClusterLayoutTests {
    @Test func `the socket is beside the data while its path fits an address`() {
        // "/postgres/socket/.s.PGSQL.5432.lock" has 35 bytes.
        let fits = FilePath("/" + String(repeating: "d", count: 107 - 35 - 1))
        let tooLong = FilePath("/" + String(repeating: "d", count: 107 - 35))
        #expect(layout(fits).socketDirectory == fits.appending("postgres/socket"))
        let elsewhere = layout(tooLong).socketDirectory
        #expect(elsewhere.removingLastComponent() == "/tmp")
        #expect(elsewhere == layout(tooLong).socketDirectory)
        #expect(elsewhere != layout(tooLong.appending("x")).socketDirectory)
    }

    @Test func `the connection string is a URL whatever the path holds`() {
        let url = ClusterLayout.connectionString(socketDirectory: "/a b/ü&c=%", port: 5432)
        #expect(url == "postgresql:///stoker?host=%2Fa%20b%2F%C3%BC%26c%3D%25&user=stoker")
        let other = ClusterLayout.connectionString(socketDirectory: "/run", port: 5433)
        #expect(other == "postgresql:///stoker?host=%2Frun&user=stoker&port=5433")
    }

    private func layout(_ directory: FilePath) -> ClusterLayout {
        ClusterLayout(dataDirectory: directory, temporaryDirectory: "/tmp", userID: 1000)
    }
}
