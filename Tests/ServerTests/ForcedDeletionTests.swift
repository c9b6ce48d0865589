// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import HTTPTypes
import Operations
import PostgresClient
import Store
import TestSupport
import Testing

/// `DELETE /workspaces/{workspace}?force=true`
@Suite(.timeLimit(.minutes(1)))
struct ForcedDeletionTests {
    @Test(.database(.currentSchema)) func `an administrator removes a workspace, and is told what is left`()
        async throws
    {
        try await APIRoom.open { room async throws in
            let preset = try await room.addTemplate()
            let job = try await room.addWorkspace("stuck", owner: "prebuilds", of: preset)
            _ = try await room.addWorkspace("hers", owner: "ada", of: preset)
            try await room.sql(
                "INSERT INTO workspace_resources (job_id, transition, type, name) VALUES (\(job), 'start', 'disk', 'b')"
            )
            // What a build made that failed is in its state alone.
            let state = #"""
                {"version": 4, "resources": [
                    {"mode": "managed", "type": "terraform_data", "name": "a", "instances": [{"index_key": 0}]}
                ]}
                """#
            try await room.sql(
                "UPDATE workspace_builds SET provisioner_state = \(Array(state.utf8)) WHERE job_id = \(job)"
            )
            let hers = try await room.ask(.delete, "/workspaces/hers?force=true", as: "ada")
            #expect(hers.problem == "forbidden")
            let reply = try await room.ask(.delete, "/workspaces/stuck?force=true", as: "tess")
            #expect(reply.status == 202)
            let report: DeletionReport = try reply.decoded()
            #expect(report.status == .succeeded)
            #expect(report.leftBehind == ["disk.b", "terraform_data.a[0]"])
            #expect(report.warning?.contains("nothing will remove them: disk.b, terraform_data.a[0]") == true)
            let record = try #require(report.jobID)
            let lines: [StoredLogLine] = try await room.ask(.get, "/jobs/\(record)/logs", as: "tess").decoded()
            #expect(
                lines.map(\.output) == [
                    "tess removed the workspace without running its provisioner. \(report.warning ?? "")"
                ]
            )
            #expect(try await room.ask(.delete, "/workspaces/stuck?force=true", as: "tess").problem == "not-found")
            #expect(try await room.store.workspaces().map(\.name) == ["hers"])
        }
    }
}
