// SPDX-License-Identifier: Apache-2.0

import CurlClient
import FoundationEssentials
import HTTPTypes
import PostgresClient
import Server
import Store
import TestSupport
import Testing

/// What members are shown: what is theirs, and why they wait.
@Suite(.timeLimit(.minutes(1))) struct MemberTests {
    private struct Failure: Decodable { let error: String, job_id: String }
    private struct Preset: Decodable { let name: String, health: String?, last_failure: Failure? }
    private struct Claim: Decodable { let outcome: String, workspace_name: String, owner_name: String }
    private struct Reason: Decodable { let reason: String, message: String }
    private struct Refill: Decodable { let preset_name: String, health: String?, waits_for: [Reason] }

    @Test(.database(.currentSchema)) func `claims are listed to whoever made them, and to owners`() async throws {
        try await APIRoom.open { room async throws in
            _ = try await room.addTemplate()
            for name in ["one", "two"] {
                let claim = #"{"template": "go-dev", "name": "\#(name)"}"#
                #expect(try await room.ask(.post, "/claims", as: "ada", body: claim).status == 201)
            }
            let taken = #"{"template": "go-dev", "name": "two"}"#
            #expect(try await room.ask(.post, "/claims", as: "ada", body: taken).problem == "name-taken")
            let hers = try await room.ask(.get, "/claims", as: "ada").decoded([Claim].self)
            #expect(hers.map(\.workspace_name) == ["", "two", "one"])
            #expect(hers.map(\.outcome) == ["error", "miss_unmatched", "miss_unmatched"])
            #expect(Set(hers.map(\.owner_name)) == ["ada"])
            let page = try await room.ask(.get, "/claims?limit=2", as: "ada")
            #expect(try page.decoded([Claim].self).count == 2 && page.headers["link"] != nil)

            #expect(try await room.ask(.get, "/claims", as: "bob").decoded([Claim].self).isEmpty)
            #expect(try await room.ask(.get, "/claims?owner=ada", as: "bob").problem == "forbidden")
            #expect(try await room.ask(.get, "/claims?owner=ada", as: "tess").problem == "forbidden")
            #expect(try await room.ask(.get, "/claims?owner=ADA", as: "oona").decoded([Claim].self).count == 3)
        }
    }

    @Test(.database(.currentSchema)) func `that a pool fails is told to everybody, and by what to template admins`()
        async throws
    {
        try await APIRoom.open { room async throws in
            let preset = try await room.addTemplate()
            let job = try await room.addWorkspace("prebuild", owner: "prebuilds", of: preset)
            try await room.sql("UPDATE template_version_presets SET desired_instances = 1")
            try await room.sql("UPDATE provisioner_jobs SET error = 'the vault is sealed' WHERE id = \(job)")
            let admins = try #require(try await room.ask(.get, "/presets", as: "tess").decoded([Preset].self).first)
            #expect(admins.health == "backing_off")
            #expect(admins.last_failure?.error == "the vault is sealed" && admins.last_failure?.job_id == "\(job)")
            let members = try await room.ask(.get, "/presets", as: "ada")
            #expect(try members.decoded([Preset].self).map(\.health) == ["backing_off"])
            #expect(!members.body.contains("vault"))
        }
    }

    @Test(.database(.currentSchema)) func `whoever waits for a prebuild is told why it does not come`() async throws {
        try await APIRoom.open { room async throws in
            let preset = try await room.addTemplate()
            func refill() async throws -> Refill {
                try await room.ask(.get, "/refills/go-dev?preset=us", as: "ada").decoded(Refill.self)
            }
            #expect(try await refill().waits_for.map(\.reason) == ["nothing_wanted"])
            try await room.sql("UPDATE template_version_presets SET desired_instances = 1")
            #expect(try await refill().waits_for.map(\.reason) == [])

            // Its build waits for a worker.
            let job = try await room.addWorkspace("prebuild", owner: "prebuilds", of: preset)
            try await room.sql("UPDATE provisioner_jobs SET started_at = NULL, completed_at = NULL WHERE id = \(job)")
            #expect(try await refill().waits_for.map(\.reason) == ["no_worker"])
            let worker = WorkerRegistration(
                name: "other",
                hostname: "",
                version: "1",
                tags: #"{"scope":"user","owner":"bob"}"#,
                capacity: 1,
                leaseDuration: .seconds(60)
            )
            try await room.store.register(worker)
            #expect(try await refill().waits_for.map(\.reason) == ["no_worker_with_tags"])
            #expect(try await room.ask(.post, "/maintenance", as: "oona", body: #"{"reason":"disks"}"#).status == 204)
            #expect(try await refill().waits_for.map(\.reason) == ["maintenance", "no_worker_with_tags"])
            #expect(try await refill().health == "paused")
            #expect(try await room.ask(.delete, "/maintenance", as: "oona").status == 204)

            // It is being built.
            try await room.sql("UPDATE provisioner_jobs SET started_at = now() WHERE id = \(job)")
            #expect(try await refill().waits_for.map(\.reason) == ["building"])
            // It has failed.
            try await room.sql("UPDATE provisioner_jobs SET completed_at = now(), error = 'no' WHERE id = \(job)")
            #expect(try await refill().waits_for.map(\.reason) == ["backoff"])
            try await room.sql("UPDATE template_version_presets SET prebuild_status = 'hard_limited'")
            #expect(try await refill().waits_for.map(\.reason) == ["backoff", "hard_limited"])
            #expect(try await refill().health == "hard_limited")

            #expect(try await room.ask(.get, "/refills/go-dev", as: "ada").decoded(Refill.self).preset_name == "us")
            #expect(try await room.ask(.get, "/refills/go-dev?preset=eu", as: "ada").status == 404)
            #expect(try await room.ask(.get, "/refills/none", as: "ada").status == 404)
        }
    }
}
