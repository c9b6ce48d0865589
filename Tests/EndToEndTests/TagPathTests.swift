// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Subprocess
import TestSupport
import Testing

/// Organizations and tags with the built binary: what is pushed with tags is built only where they are, and what does not
/// fit is named.
@Suite struct TagPathTests {
    private struct Organization: Decodable {
        let name: String, templates: Int, max_concurrent_builds: Int?, prebuild_quota: Int?
    }
    private struct Worker: Decodable { let name: String, tags: [String: String], asked_for: Bool }
    private struct Job: Decodable { let id: String, worker_name: String, tags: [String: String] }
    private struct Finding: Decodable { let check: String, message: String }

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `a tagged template of an organization is built by the worker that has its tags`() async throws {
        let fleet = try await Fleet()
        try await fleet.run("orgs", "add", "lab", "--prebuild-quota", "1")
        try await fleet.run("orgs", "set", "LAB", "--max-concurrent-builds", "1")
        let plain = try await fleet.worker("plain")
        try await plain.line(containing: "worker started")
        let push = ["templates", "push", Fleet.example("process-local"), "--org", "lab", "--tag", "gpu=true"]
        // Nobody can import it yet, which is said at once.
        let waiting = try await fleet.start(push)
        try await waiting.line(containing: "no worker that is up has the tags gpu=true")
        let status = try await fleet.stoker("status")
        #expect(status.standardOutput.contains { $0.hasPrefix("gpu=true") }, "\(status.standardOutput)")
        let doctor = try await fleet.json([Finding].self, "doctor")
        #expect(doctor.contains { $0.check == "tags" && $0.message.contains("no worker has the tags gpu=true") })

        let special = try await fleet.worker(
            "special",
            settings: ["STOKER_WORKER_TAGS": #"{"gpu":"true","zone":"eu"}"#]
        )
        #expect(try await waiting.exit(within: .seconds(60)).isSuccess)
        let jobs = try await fleet.json([Job].self, "jobs", "list")
        #expect(!jobs.isEmpty)
        #expect(jobs.allSatisfy { $0.tags == ["gpu": "true"] && ["special", ""].contains($0.worker_name) })
        let shown = try await fleet.stoker("jobs", "show", jobs[0].id)
        #expect(shown.standardOutput.contains("Its tags: gpu=true."), "\(shown.standardOutput)")
        let workers = try await fleet.json([Worker].self, "workers", "list")
        #expect(workers.first { $0.name == "plain" }?.asked_for == false)
        #expect(workers.first { $0.name == "special" }?.asked_for == true)
        #expect(workers.first { $0.name == "special" }?.tags == ["gpu": "true", "zone": "eu"])
        let organizations = try await fleet.json([Organization].self, "orgs", "list")
        let lab = try #require(organizations.first { $0.name == "lab" })
        #expect((lab.templates, lab.max_concurrent_builds, lab.prebuild_quota) == (1, 1, 1))
        for worker in [plain, special] {
            worker.send(.interrupt)
            _ = try await worker.exit()
        }
    }
}
