// SPDX-License-Identifier: Apache-2.0

import CurlClient
import FoundationEssentials
import HTTPTypes
import Operations
import PostgresClient
import Store
import Templates
import TestSupport
import Testing

@Suite struct PushRouteTests {
    private static let entries: [ArchiveEntry] = [
        .file("stoker.yaml", Array("name: t\nprovisioner: process\npresets: [{ name: base }]".utf8)),
        .file("provision", [1], executable: true), .file("errored.tfstate", [2]), .file(".svn/x", [3]),
        .file("big.bin", [4]), .file(".terraformignore", Array("*.bin\n".utf8)),
    ]

    @Test(.database(.currentSchema))
    func `an archive over HTTP passes the same filter, and the answer and the import's log say what did not`()
        async throws
    {
        try await APIRoom.open { room async throws in
            let reply = try await room.ask(
                .post,
                "/templates?left_out=Left%20out%20of%20the%20template%3A%20docs%2F.",
                body: String(decoding: try TarArchive.pack(Self.entries), as: UTF8.self),
                headers: ["Content-Type": "application/x-tar"]
            )
            #expect(reply.status == 202, "\(reply.body)")
            let report = try JSONDecoder().decode(PushReport.self, from: Data(reply.body.utf8))
            #expect(report.leftOut == [".svn/", "big.bin"])
            #expect(report.refused == ["errored.tfstate"])
            let log = try await room.store.jobLogs(of: report.jobID).map(\.output)
            #expect(
                log == [
                    "Left out of the template: docs/.", "Left out of the template: .svn/, big.bin.",
                    "Refused, and not in the template: errored.tfstate. States, plans and credentials hold secrets, and "
                        + "belong to no template.",
                ]
            )
            let rows = try await room.store.pool.execute(Statement("test.archive", "SELECT data FROM files"))
            let stored = try #require(rows.first)
            let names = try TarArchive.unpack(stored.decode(column: 0, as: [UInt8].self)).map(\.path)
            #expect(names == [".terraformignore", "provision", "stoker.yaml"])
        }
    }
}
