// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PostgresClient
import Store
import TestSupport
import Testing

/// Sensitive outputs through the API: their values are for the workspace's owner, on request.
@Suite(.timeLimit(.minutes(1))) struct RevealTests {
    @Test(.database(.currentSchema)) func `only the owner of a workspace is shown its sensitive outputs`() async throws
    {
        try await APIRoom.open { room async throws in
            let preset = try await room.addTemplate()
            let job = try await room.addWorkspace("box", owner: "ada", of: preset)
            try await room.sql(
                """
                INSERT INTO workspace_build_outputs (workspace_build_id, name, value, sealed)
                SELECT b.id, o.name, o.value::jsonb, o.sealed FROM workspace_builds b, (VALUES
                    ('stoker_url', '"https://box.example/"', NULL), ('token', NULL, '"s3cr3t"'::bytea)
                ) o(name, value, sealed)
                WHERE b.job_id = \(job)
                """
            )
            for person in ["ada", "oona"] {
                let shown = try await room.ask(.get, "/workspaces/box", as: person)
                #expect(shown.status == 200 && !shown.body.contains("s3cr3t"), "\(person)")
                #expect(shown.body.contains(#""open":"https://box.example/""#))
                #expect(shown.body.contains(#"{"name":"token","sensitive":true}"#))
            }
            let revealed = try await room.ask(.post, "/workspaces/box/outputs/reveal", as: "ada", body: "{}")
            #expect(revealed.status == 200)
            #expect(revealed.body.contains(#"{"name":"token","sensitive":true,"value":"s3cr3t"}"#))
            let outputs = try revealed.decoded(WorkspaceOutputs.self)
            #expect(outputs.outputs.count == 2 && outputs.open == "https://box.example/")
            for person in ["bob", "tess", "oona"] {
                let refused = try await room.ask(.post, "/workspaces/box/outputs/reveal", as: person, body: "{}")
                #expect(refused.status == 404 && !refused.body.contains("s3cr3t"), "\(person)")
            }
        }
    }
}
