// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import HTTPTypes
import PostgresClient
import Store
import Templates
import TestSupport
import Testing

/// Organizations with their caps and quotas, caps of templates, and tags of versions.
@Suite(.database(.currentSchema), .timeLimit(.minutes(1))) struct OrganizationTests {
    private struct Listed: Decodable, Equatable {
        let name: String, display_name: String
        let max_concurrent_builds: Int?, prebuild_quota: Int?
    }

    @Test func `an organization is added, listed and changed`() async throws {
        try await APIRoom.open { room async throws in
            let added = try await room.ask(
                .post,
                "/organizations",
                body: #"{"name": "lab", "display_name": "The lab", "prebuild_quota": 0}"#
            )
            #expect(added.status == 201, "\(added.body)")
            for name in ["LAB", "lab"] {
                let taken = try await room.ask(.post, "/organizations", body: #"{"name": "\#(name)"}"#)
                #expect(taken.problem == "name-taken", "\(name)")
            }
            for name in ["", "-lab", "a b", String(repeating: "x", count: 33)] {
                let invalid = try await room.ask(.post, "/organizations", body: #"{"name": "\#(name)"}"#)
                #expect(["invalid", "wrong-type"].contains(invalid.problem), "\(name)")
            }
            let body = #"{"max_concurrent_builds": 3, "unset": ["prebuild_quota"]}"#
            #expect(try await room.ask(.post, "/organizations/Lab", body: body).status == 200)
            let listed = try await room.ask(.get, "/organizations", as: "tess").decoded([Listed].self)
            #expect(
                listed == [
                    Listed(name: "default", display_name: "Default", max_concurrent_builds: nil, prebuild_quota: nil),
                    Listed(name: "lab", display_name: "The lab", max_concurrent_builds: 3, prebuild_quota: nil),
                ]
            )
            let both = #"{"prebuild_quota": 3, "unset": ["prebuild_quota"]}"#
            #expect(try await room.ask(.post, "/organizations/lab", body: both).problem == "invalid")
            #expect(try await room.ask(.post, "/organizations/lab", body: "{}").problem == "invalid")
            #expect(
                try await room.ask(.post, "/organizations/lab", body: #"{"prebuild_quota": -1}"#).problem
                    == "wrong-type"
            )
            let wrong = try await room.ask(.post, "/organizations/lob", body: body)
            #expect(wrong.problem == "not-found" && wrong.body.contains("Did you mean 'lab'?"), "\(wrong.body)")
            #expect(try await room.ask(.get, "/organizations", as: "ada").problem == "forbidden")
            #expect(try await room.ask(.post, "/organizations/lab", as: "tess", body: body).problem == "forbidden")
        }
    }

    @Test func `of many that add the same organization at once one does`() async throws {
        try await APIRoom.open { room async throws in
            let done = await withTaskGroup(of: Bool.self) { group in
                for name in ["lab", "LAB", "Lab", "lAb"] {
                    group.addTask { (try? await room.store.addOrganization(name)) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(done == 1)
        }
    }

    @Test func `a template's cap is set and taken away`() async throws {
        try await APIRoom.open { room async throws in
            _ = try await room.addTemplate()
            struct Template: Decodable { let max_concurrent_builds: Int? }
            func cap() async throws -> [Int?] {
                try await room.ask(.get, "/templates").decoded([Template].self).map(\.max_concurrent_builds)
            }
            #expect(
                try await room.ask(.post, "/templates/go-dev", body: #"{"max_concurrent_builds": 2}"#).status == 204
            )
            #expect(try await cap() == [2])
            let body = #"{"unset": ["max_concurrent_builds"]}"#
            #expect(try await room.ask(.post, "/templates/GO-dev", as: "tess", body: body).status == 204)
            #expect(try await cap() == [nil])
            #expect(try await room.ask(.post, "/templates/other", body: body).problem == "not-found")
            #expect(try await room.ask(.post, "/templates/go-dev", body: "{}").problem == "invalid")
        }
    }

    @Test func `a version is pushed into an organization, with the tags of its file and of the push`() async throws {
        try await APIRoom.open { room async throws in
            _ = try await room.store.addOrganization("lab")
            let manifest = """
                name: pushed
                provisioner: process
                tags: { zone: eu, gpu: false }
                presets: [{ name: base, prebuilds: { instances: 1, weight: 7 } }]
                """
            let archive = String(
                decoding: try TarArchive.pack([
                    .file("stoker.yaml", Array(manifest.utf8)),
                    .file("provision", Array("#!/bin/sh\n".utf8), executable: true),
                ]),
                as: UTF8.self
            )
            func push(_ query: String) async throws -> APIRoom.Reply {
                try await room.ask(
                    .post,
                    "/templates\(query)",
                    body: archive,
                    headers: ["Content-Type": "application/x-tar"]
                )
            }
            struct Push: Decodable { let workers_up: Bool, warnings: [String] }
            let pushed = try await push("?organization=LAB&tags=%7B%22gpu%22%3A%22true%22%7D").decoded(Push.self)
            #expect(!pushed.workers_up)
            #expect(
                pushed.warnings.contains("no worker that is up has the tags gpu=true, zone=eu"),
                "\(pushed.warnings)"
            )
            let rows = try await room.sql(
                """
                SELECT o.name, j.tags::text, v.tags::text FROM template_versions v JOIN organizations o ON o.id = v.organization_id
                JOIN provisioner_jobs j ON j.id = v.job_id AND j.organization_id = o.id
                """
            )
            let (organization, job, version) = try #require(rows.first).decode(String.self, String.self, String.self)
            #expect(
                [organization, job, version] == [
                    "lab", #"{"gpu": "true", "zone": "eu"}"#, #"{"gpu": "true", "zone": "eu"}"#,
                ]
            )
            struct Job: Decodable { let tags: [String: String] }
            #expect(
                try await room.ask(.get, "/jobs").decoded([Job].self).map(\.tags) == [["gpu": "true", "zone": "eu"]]
            )
            try await room.sql(
                """
                INSERT INTO workers (name, tags, lease_expires_at)
                VALUES ('big', '{"gpu": "true", "zone": "eu", "x": 1}', now() + interval '1 hour')
                """
            )
            #expect(try await push("?organization=lab&tags=%7B%22gpu%22%3A%22true%22%7D").decoded(Push.self).workers_up)
            #expect(try await push("?organization=lap").body.contains("Did you mean 'lab'?"))
            for tags in ["gpu", "%5B%5D", "%7B%22gpu%22%3A1%7D"] {
                #expect(try await push("?tags=\(tags)").problem == "wrong-type", "\(tags)")
            }
            #expect(try await push("?tags=%7B%22a%3Db%22%3A%22c%22%7D").problem == "invalid")
        }
    }
}
