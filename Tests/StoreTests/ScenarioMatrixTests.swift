// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import TestSupport
import Testing

/// S2: one preset that wants one prebuild, and one prebuild in every state of its latest build (reconciler.md,
/// "Scenarios").
@Suite(.database(.migrated, publishers: Publisher.allCases), .timeLimit(.minutes(1))) struct ScenarioMatrixTests {
    struct Case: CustomTestStringConvertible {
        let transition: Transition
        let status: JobStatus
        let isActive: Bool

        var testDescription: String { "\(transition) \(status), \(isActive ? "active" : "inactive")" }
        var build: String { "\(transition) \(status)" }

        /// What is added to the prebuild that is there.
        var addedBuilds: [String] { !isActive && build == "start succeeded" ? ["delete pending"] : [] }

        /// Whether a new one takes its place. A start under way, or one that succeeded, keeps its place.
        var isReplaced: Bool {
            isActive && !(transition == .start && status != .canceled && status != .failed)
        }
    }

    static let cases = [Transition.start, .stop, .delete].flatMap { transition in
        JobStatus.allCases.flatMap { status in
            [true, false].map { Case(transition: transition, status: status, isActive: $0) }
        }
    }

    @Test(arguments: cases)
    func `S2, a prebuild is kept, replaced or deleted`(example: Case) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            let prebuild = try await fleet.addWorkspace(
                of: preset,
                .init(transition: example.transition, status: example.status)
            )
            if !example.isActive { try await fleet.addVersion(of: template.id) }
            try await fleet.passes(8)
            let seen = try await fleet.workspaces()
            #expect(seen.first == .init(id: prebuild.id, builds: [example.build] + example.addedBuilds))
            #expect(seen.dropFirst().map(\.builds) == (example.isReplaced ? [["start pending"]] : []))
        }
    }

    @Test(arguments: ["deleted = true", "deprecated = 'use another'"])
    func `S2, the prebuilds of a template that is gone are deleted`(change: String) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            let prebuild = try await fleet.addWorkspace(of: preset)
            try await fleet.sql("UPDATE templates SET \(sql: .init(trusted: change))")
            try await fleet.passes(8)
            #expect(
                try await fleet.workspaces() == [.init(id: prebuild.id, builds: ["start succeeded", "delete pending"])]
            )
        }
    }
}
