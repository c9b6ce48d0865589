// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import HTTPTypes
import PostgresClient
import Store
import SystemPackage
import TestSupport
import Testing

/// Users who are disabled, removed, or given other roles.
@Suite(.database(.currentSchema), .timeLimit(.minutes(1))) struct UserChangeTests {
    private struct Changed: Decodable {
        struct User: Decodable { let username: String, roles: [String], status: String }
        let user: User, tokens_revoked: Int, workspaces_moved: Int
    }

    @Test func `the tokens of a disabled user end at once, and do not come back`() async throws {
        try await APIRoom.open { room async throws in
            _ = try await room.addTemplate()
            #expect(try await room.ask(.get, "/templates", as: "ada").status == 200)
            let disabled = try await room.ask(.post, "/users/ADA/disable").decoded(Changed.self)
            #expect((disabled.user.username, disabled.user.status, disabled.tokens_revoked) == ("ada", "disabled", 1))
            #expect(try await room.ask(.get, "/templates", as: "ada").problem == "unauthenticated")
            let claim = #"{"template": "go-dev", "name": "dev", "owner": "ada"}"#
            #expect(try await room.ask(.post, "/claims", body: claim).problem == "not-found")
            let token = #"{"name": "new", "user": "ada"}"#
            #expect(try await room.ask(.post, "/tokens", body: token).problem == "not-found")
            #expect(try await room.ask(.post, "/users/ada/enable").decoded(Changed.self).user.status == "active")
            #expect(try await room.ask(.get, "/templates", as: "ada").problem == "unauthenticated")
            #expect(try await room.ask(.post, "/tokens", body: token).status == 201)
        }
    }

    @Test func `a log that a disabled user follows ends`() async throws {
        try await APIRoom.open { room async throws in
            let job = try await room.addWorkspace("dev", owner: "ada", of: room.addTemplate())
            try await room.sql("UPDATE provisioner_jobs SET completed_at = NULL")
            let url = "http://\(room.address)/api/v1/jobs/\(job)/logs/stream"
            let header = "Authorization: Bearer \(room.tokens["ada"] ?? "")"
            let curl = try await RunningProcess.start(
                "/usr/bin/curl",
                ["--silent", "--no-buffer", "--header", header, url]
            )
            _ = try await curl.line(containing: "made")
            #expect(try await room.ask(.post, "/users/ada/disable").status == 200)
            _ = try await curl.exit(within: .seconds(30))
            try await room.sql("UPDATE provisioner_jobs SET completed_at = now()")
        }
    }

    @Test func `a role holds from the next request on`() async throws {
        try await APIRoom.open { room async throws in
            #expect(try await room.ask(.get, "/workers", as: "ada").problem == "forbidden")
            let body = #"{"roles": ["template-admin", "member", "template-admin"]}"#
            let changed = try await room.ask(.post, "/users/ada/roles", body: body).decoded(Changed.self)
            #expect(changed.user.roles == ["template-admin"])
            #expect(try await room.ask(.get, "/workers", as: "ada").status == 200)
            #expect(try await room.ask(.post, "/users/ada/roles", body: #"{"roles": []}"#).status == 200)
            #expect(try await room.ask(.get, "/workers", as: "ada").problem == "forbidden")
            #expect(try await room.ask(.post, "/users/ada/roles", as: "ada", body: body).problem == "forbidden")
        }
    }

    @Test func `the last active owner stays one`() async throws {
        try await APIRoom.open { room async throws in
            for (method, path, body) in [
                (HTTPRequest.Method.post, "/users/oona/disable", "{}"), (.delete, "/users/oona", nil),
                (.post, "/users/oona/roles", #"{"roles": ["member"]}"#),
            ] as [(HTTPRequest.Method, String, String?)] {
                let reply = try await room.ask(method, path, body: body)
                #expect(
                    reply.problem == "conflict" && reply.body.contains("only active user"),
                    "\(path): \(reply.body)"
                )
            }
            // One who is disabled does not count.
            _ = try await room.ask(.post, "/users/bob/roles", body: #"{"roles": ["owner"]}"#)
            #expect(try await room.ask(.post, "/users/bob/disable").status == 200)
            #expect(try await room.ask(.post, "/users/oona/disable").problem == "conflict")
            #expect(try await room.ask(.post, "/users/bob/enable").status == 200)
            #expect(try await room.ask(.delete, "/users/oona").status == 200)
            #expect(try await room.ask(.get, "/users").problem == "unauthenticated")
        }
    }

    @Test func `of two owners who disable each other at the same time one stays`() async throws {
        try await APIRoom.open { room async throws in
            for round in 0..<20 {
                try await room.sql(
                    "UPDATE users SET rbac_roles = '{owner}', status = 'active' WHERE username IN ('ada', 'bob')"
                )
                try await room.sql("UPDATE users SET rbac_roles = '{}' WHERE username = 'oona'")
                async let first: ChangedUser? = try? room.store.disableUser("ada")
                async let second: ChangedUser? = try? room.store.disableUser("bob")
                let done = await [first, second].count { $0 != nil }
                #expect(done == 1, "round \(round)")
            }
        }
    }

    @Test func `a user with workspaces is removed when somebody gets them`() async throws {
        try await APIRoom.open { room async throws in
            let preset = try await room.addTemplate()
            _ = try await room.addWorkspace("dev", owner: "ada", of: preset)
            _ = try await room.addWorkspace("old", owner: "ada", of: preset)
            try await room.sql("UPDATE workspaces SET deleted = true WHERE name = 'old'")
            let refused = try await room.ask(.delete, "/users/ada")
            #expect(refused.problem == "conflict" && refused.body.contains("owns the workspace dev"), "\(refused.body)")
            for heir in ["nobody", "ada", "prebuilds"] {
                #expect(try await room.ask(.delete, "/users/ada?workspaces_to=\(heir)").problem == "invalid", "\(heir)")
            }
            _ = try await room.addWorkspace("DEV", owner: "bob", of: preset)
            let taken = try await room.ask(.delete, "/users/ada?workspaces_to=bob")
            #expect(taken.problem == "name-taken" && taken.body.contains("DEV"), "\(taken.body)")
            // Nothing was changed until now.
            #expect(try await room.ask(.get, "/workspaces/dev", as: "ada").status == 200)
            let removed = try await room.ask(.delete, "/users/Ada?workspaces_to=Tess").decoded(Changed.self)
            #expect((removed.workspaces_moved, removed.tokens_revoked) == (1, 1))
            #expect(try await room.ask(.get, "/workspaces/dev", as: "ada").problem == "unauthenticated")
            #expect(try await room.ask(.get, "/workspaces/dev?owner=tess", as: "tess").status == 200)
            #expect(try await room.ask(.get, "/users").body.contains("\"ada\"") == false)
            #expect(try await room.ask(.delete, "/users/ada").problem == "not-found")
            // The name is free, for somebody else.
            #expect(try await room.ask(.post, "/users", body: #"{"name": "ADA"}"#).status == 201)
            #expect(try await room.ask(.post, "/users", body: #"{"name": "ada"}"#).problem == "name-taken")
            #expect(try await room.ask(.get, "/workspaces?owner=ada").body == "[]")
        }
    }

    @Test func `the user of the prebuilds is not touched, and a wrong name has a suggestion`() async throws {
        try await APIRoom.open { room async throws in
            for (method, path, body) in [
                (HTTPRequest.Method.post, "/users/prebuilds/disable", "{}"), (.delete, "/users/Prebuilds", nil),
                (.post, "/users/prebuilds/roles", #"{"roles": ["owner"]}"#), (.post, "/users/prebuilds/enable", "{}"),
            ] as [(HTTPRequest.Method, String, String?)] {
                #expect(try await room.ask(method, path, body: body).problem == "conflict", "\(path)")
            }
            let wrong = try await room.ask(.post, "/users/teas/disable")
            #expect(wrong.problem == "not-found" && wrong.body.contains("Did you mean 'tess'?"), "\(wrong.body)")
        }
    }
}
