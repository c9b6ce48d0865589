// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// Jobs whose tags no worker has, and workers whose tags nothing asks for.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct TagTests {
    private let gpu = #"{"gpu": "true"}"#

    private func askedFor(_ fleet: Fleet) async throws -> [String: Bool] {
        Dictionary(try await fleet.store.workers().map { ($0.tags.text, $0.isAskedFor) }) { $0 || $1 }
    }

    @Test func `a worker whose tags nothing asks for is named until something does`() async throws {
        try await Fleet.open { fleet in
            _ = try await fleet.addWorker()
            _ = try await fleet.addWorker(tags: #"{"gpu": "true", "zone": "eu"}"#)
            // The first push will need the usual tags.
            #expect(try await askedFor(fleet) == ["default": true, "gpu=true, zone=eu": false])
            let job = try await fleet.addJob(tags: gpu)
            #expect(try await askedFor(fleet) == ["default": false, "gpu=true, zone=eu": true])
            try await fleet.sql("UPDATE provisioner_jobs SET completed_at = now() WHERE id = \(job)")
            let template = try await fleet.addTemplate()
            #expect(try await askedFor(fleet) == ["default": true, "gpu=true, zone=eu": false])
            try await fleet.sql(
                "UPDATE template_versions SET tags = \(PostgresJSON(gpu)) WHERE id = \(template.version)"
            )
            #expect(try await askedFor(fleet) == ["default": false, "gpu=true, zone=eu": true])
            // Only of another organization.
            let other = try await fleet.addOrganization("other")
            try await fleet.sql("UPDATE workers SET organization_ids = ARRAY[\(other)]")
            #expect(try await askedFor(fleet) == ["default": false, "gpu=true, zone=eu": false])
        }
    }

    @Test func `tags that no worker has are named, with the jobs and templates that ask for them`() async throws {
        try await Fleet.open { fleet in
            func unserved() async throws -> [String] {
                try await fleet.store.overview().unservedTags.map {
                    "\($0.tags.text) \($0.organizationName) \($0.jobs) \($0.oldestSeconds >= 90) \($0.templates)"
                }
            }
            let template = try await fleet.addTemplate()
            try await fleet.sql(
                "UPDATE template_versions SET tags = \(PostgresJSON(gpu)) WHERE id = \(template.version)"
            )
            try await fleet.addJob(tags: gpu)
            try await fleet.addJob(dueFor: .seconds(100), tags: gpu)
            try await fleet.addJob(.interactive, tags: #"{"zone": 3}"#)
            // Without any worker, that is what is said.
            #expect(try await unserved() == [])
            let worker = try await fleet.addWorker()
            #expect(try await unserved() == [#"gpu=true default 2 true ["go-dev"]"#, "zone=3 default 1 false []"])
            let fitting = try await fleet.addWorker(tags: #"{"gpu": "true", "zone": 3}"#)
            #expect(try await unserved() == [])
            let other = try await fleet.addOrganization("other")
            try await fleet.sql("UPDATE workers SET organization_ids = ARRAY[\(other)] WHERE id = \(fitting)")
            #expect(try await unserved().count == 2)
            try await fleet.sql(
                "UPDATE workers SET organization_ids = '{}', lease_expires_at = now() WHERE id = \(fitting)"
            )
            #expect(try await unserved().count == 2)
            #expect(try await fleet.store.isServed(.usual))
            #expect(try await !fleet.store.isServed(Tags(["gpu": "true"])))
            try await fleet.endLease(of: worker)
            #expect(try await !fleet.store.isServed(.usual))
        }
    }

    /// As an operator may write them.
    @Test(arguments: ["[]", "null", "3", #"{"a": {"b": [1]}, "c": null}"#])
    func `tags of any type are shown`(tags: String) async throws {
        try await Fleet.open { fleet in
            _ = try await fleet.addWorker()
            let job = try await fleet.addJob(tags: tags)
            try await fleet.sql("UPDATE workers SET tags = \(PostgresJSON(tags))")
            #expect(try await fleet.store.workers().count == 1)
            _ = try await fleet.store.overview()
            let shown = try await fleet.store.job(job).tags.values
            #expect(shown == (tags.contains("a") ? ["a": #"{"b":[1]}"#, "c": "null"] : [:]))
        }
    }
}
