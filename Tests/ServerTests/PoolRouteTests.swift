// SPDX-License-Identifier: Apache-2.0

import Domain
import HTTPTypes
import PostgresClient
import Store
import TestSupport
import Testing

/// Pools over HTTP: counters, overrides, decisions and demand, by role.
@Suite(.database(.currentSchema), .timeLimit(.minutes(1))) struct PoolRouteTests {
    private struct Override: Decodable, Equatable { let instances: Int?, mode: String?, set_by: String, reason: String }
    private struct Changed: Decodable { let override: Override?, replaced: Override? }
    private struct Pool: Decodable {
        struct Counters: Decodable {
            let claims: Int, hits: Int, misses: [String: Int], errors: Int, window_seconds: Double
        }
        struct Size: Decodable { let override: Override? }
        let template_name: String, preset_name: String, size: Size?, counters: Counters
    }
    private struct Demand: Decodable {
        struct Autoscale: Decodable { let mode: String, goal: Double, min: Int, max: Int }
        let claims: [Int], desired_instances: Int, autoscale: Autoscale, from: String, to: String
    }

    private static func prepare(_ room: APIRoom) async throws -> PresetID {
        let preset = try await room.addTemplate()
        try await room.sql("UPDATE template_version_presets SET desired_instances = 2")
        return preset
    }

    @Test func `a size is set, shown to everybody, and given back`() async throws {
        try await APIRoom.open { room async throws in
            _ = try await Self.prepare(room)
            let body = #"{"target": "go-dev/us", "instances": 3, "reason": "demo"}"#
            let set = try await room.ask(.post, "/pools/set", body: body)
            #expect(set.status == 200, "\(set.body)")
            let mine = Override(instances: 3, mode: nil, set_by: "oona", reason: "demo")
            #expect(try set.decoded(Changed.self).override == mine)
            let shown = try await room.ask(.get, "/pools/show?target=go-dev/us", as: "ada").decoded(Pool.self)
            #expect(shown.size?.override == mine)
            let again = try await room.ask(
                .post,
                "/pools/set",
                body: #"{"target": "go-dev/us", "mode": "advise", "goal": 0.9}"#
            )
            #expect(try again.decoded(Changed.self).replaced == mine)
            let reset = try await room.ask(.post, "/pools/reset", body: #"{"target": "go-dev/us"}"#).decoded(
                Changed.self
            )
            #expect(reset.override == nil && reset.replaced?.mode == "advise")
            let listed = try await room.ask(.get, "/pools", as: "ada").decoded([Pool].self)
            #expect(listed.map(\.preset_name) == ["us"] && listed[0].size == nil)
        }
    }

    @Test(arguments: [
        (#"{"target": "go-dev/us"}"#, "invalid"), (#"{"target": "go-dev", "instances": 1}"#, "invalid"),
        (#"{"target": "go-dev/us", "instances": 1, "mode": "apply"}"#, "invalid"),
        (#"{"target": "go-dev/us", "min": 4, "max": 3}"#, "invalid"),
        (#"{"target": "go-dev/us", "instances": 1, "until": "2020-01-01T00:00:00Z"}"#, "invalid"),
        (#"{"target": "go-dev/eu", "instances": 1}"#, "not-found"),
        (#"{"target": "go-dev/us", "instances": -1}"#, "wrong-type"),
        (#"{"target": "go-dev/us", "goal": 0.4}"#, "wrong-type"),
        (#"{"target": "go-dev/us", "goal": "0.9"}"#, "wrong-type"),
        (#"{"target": "go-dev/us", "mode": "on"}"#, "wrong-type"),
    ])
    func `a size that makes no sense is refused`(body: String, problem: String) async throws {
        try await APIRoom.open { room async throws in
            _ = try await Self.prepare(room)
            #expect(try await room.ask(.post, "/pools/set", body: body).problem == problem)
            #expect(try await room.sql("SELECT FROM pool_overrides").isEmpty)
        }
    }

    @Test func `members may look, and only template admins change and read decisions`() async throws {
        try await APIRoom.open { room async throws in
            _ = try await Self.prepare(room)
            for (method, path, body) in [
                (HTTPRequest.Method.post, "/pools/set", #"{"target": "go-dev/us", "instances": 3}"#),
                (.post, "/pools/reset", #"{"target": "go-dev/us"}"#),
                (.get, "/pools/decisions?target=go-dev/us", nil as String?),
                (.get, "/pools/demand?target=go-dev/us", nil),
            ] {
                #expect(try await room.ask(method, path, as: "ada", body: body).problem == "forbidden", "\(path)")
            }
            #expect(try await room.ask(.get, "/pools", as: "ada").status == 200)
            #expect(try await room.ask(.get, "/pools/decisions?target=go-dev/us").body == "[]")
            #expect(try await room.ask(.get, "/pools/show?target=go-dev/eu").problem == "not-found")
            #expect(try await room.ask(.get, "/pools?window=59").problem == "wrong-type")
        }
    }

    @Test func `demand is what a simulation needs, of the settings in force`() async throws {
        try await APIRoom.open { room async throws in
            let preset = try await Self.prepare(room)
            try await room.sql(
                """
                INSERT INTO workspace_claims (preset_id, outcome, created_at)
                SELECT \(preset), o, t FROM (VALUES ('hit', now() - interval '1 hour'), ('miss_empty', now() - interval '30 minutes'),
                    ('error', now() - interval '20 minutes'), ('hit', now() - interval '29 days')) x(o, t)
                """
            )
            _ = try await room.ask(.post, "/pools/set", body: #"{"target": "go-dev/us", "mode": "apply", "max": 7}"#)
            let demand = try await room.ask(.get, "/pools/demand?target=GO-DEV/us").decoded(Demand.self)
            #expect(demand.claims.count == 2 && demand.claims[1] - demand.claims[0] == 1_800_000)
            #expect(demand.desired_instances == 2)
            let autoscale = demand.autoscale
            #expect((autoscale.mode, autoscale.goal, autoscale.min, autoscale.max) == ("apply", 0.95, 1, 7))
            let early = "/pools/demand?target=go-dev/us&from=2020-01-01T00:00:00Z"
            #expect(try await room.ask(.get, early).decoded(Demand.self).claims.count == 3)
            let backward = "/pools/demand?target=go-dev/us&from=2025-01-02T00:00:00Z&to=2025-01-01T00:00:00Z"
            #expect(try await room.ask(.get, backward).problem == "invalid")
            #expect(try await room.ask(.get, "/pools/demand?target=go-dev").problem == "invalid")
            #expect(try await room.ask(.get, "/pools/demand?target=go-dev/eu").problem == "not-found")
        }
    }
}
