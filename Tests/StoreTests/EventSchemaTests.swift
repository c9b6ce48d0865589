// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import FoundationEssentials
import PostgresClient
import Prebuilds
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing
import Time
import Webhooks
import Worker

/// Every type of event, written by the change that it tells of, rendered as it would be sent, and held against its JSON
/// Schema by the PyPI package jsonschema.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct EventSchemaTests {
    private let limits = PlanLimits(backoffInterval: .zero, backoffLookback: .zero, failureHardLimit: 1)

    @Test func `what is really sent satisfies the schemas, and has no member that they do not name`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addUser("admin", roles: ["template-admin"])
            try await fleet.addUser("ada")
            try await rollOut(fleet)
            try await limitAndReset(fleet)
            try await invalidate(fleet)
            try await claimDepleteAndRefill(fleet)
            try await failClaim(fleet)
            try await fail(fleet)
            try await endLives(fleet)
            try await loseAndDrainWorkers(fleet)
            try await fleet.store.pause(.maintenance, until: Fleet.now + .seconds(60), reason: "upgrade", by: "ada")
            try await fleet.store.resume(.maintenance, by: "bob")
            try await disableEndpoint(fleet)
            let events = try await written(fleet) + [Event.ping(of: "endpoint/1", at: Fleet.now)]
            #expect(Set(events.map(\.type)) == Set(EventType.allCases.map(\.rawValue)))
            try membersAreDeclared(events)
            try await schemasHold(events)
        }
    }

    // MARK: - Changes

    /// A version that takes over, and one that cannot.
    private func rollOut(_ fleet: Fleet) async throws {
        let room = RolloutRoom(fleet: fleet, worker: try await fleet.addWorker())
        try await room.push("v1", files: "one", instances: 1)
        try await room.settle(rounds: 2)
        try await room.push("v2", files: "two", instances: 1)
        try await room.settle(rounds: 4)
        try await room.push("v3", files: "three", instances: 1)
        try await room.settle(broken: "v3", rounds: 4)
        try await fleet.sql("UPDATE templates SET deleted = true")
        try await room.settle(rounds: 2)
    }

    private func limitAndReset(_ fleet: Fleet) async throws {
        let template = try await fleet.addTemplate("failing")
        let preset = try await fleet.addPreset(of: template.version, desired: 1)
        try await fleet.addWorkspace(of: preset, .init(status: .failed))
        try await fleet.pass(limits: limits)
        try await fleet.store.resetPresets(.ofTemplate("failing", named: "preset"), by: "ada", at: Fleet.now)
        try await fleet.sql("UPDATE templates SET deleted = true WHERE id = \(template.id)")
    }

    private func invalidate(_ fleet: Fleet) async throws {
        let template = try await fleet.addTemplate("invalid")
        _ = try await fleet.addPreset(of: template.version, desired: 1, parameters: [:])
        try await fleet.pass()
        try await fleet.sql("UPDATE templates SET deleted = true WHERE id = \(template.id)")
    }

    /// A claim that replaces, a pool that is empty then, and filled again.
    private func claimDepleteAndRefill(_ fleet: Fleet) async throws {
        let template = try await fleet.addTemplate()
        let preset = try await fleet.addPreset(of: template.version, desired: 1)
        try await fleet.addWorkspace(of: preset)
        try await fleet.pass()
        let claim = try await fleet.store.claim(ClaimRequest(template: "go-dev", owner: "ada", name: "mine"))
        #expect(claim.outcome == .hit)
        let worker = try await fleet.addWorker()
        try await fleet.store.completeBuild(
            fleet.claimOne(for: worker).held,
            BuildCompletion(
                result: .succeeded,
                .init(replacements: [.init(address: "a.b", paths: ["env"], reason: "replace_by_request")])
            )
        )
        try await fleet.pass()
        let refill = try await fleet.claimOne(for: worker)
        #expect(try await fleet.store.takeRehearsal(refill.held))
        let rehearsal = Rehearsal([.init(address: "a.b", paths: ["env"])])
        try await fleet.store.completeBuild(
            refill.held,
            BuildCompletion(result: .succeeded, .init(rehearsal: rehearsal))
        )
        try await fleet.pass()
    }

    /// One build and one deletion that fail for good.
    private func fail(_ fleet: Fleet) async throws {
        let template = try await fleet.addTemplate("poor")
        let preset = try await fleet.addPreset(of: template.version, desired: nil)
        for transition in [Transition.start, .delete] {
            try await fleet.addWorkspace(of: preset, .init(transition: transition, status: .pending))
            let job = try await fleet.claimOne(for: fleet.addWorker())
            let line = LogLine(level: .error, stage: "apply", output: "no room")
            #expect(try await fleet.store.appendLogs([line], of: job.held))
            try await fleet.store.completeBuild(
                job.held,
                BuildCompletion(result: .failed(.capacity, message: "no room"))
            )
        }
    }

    /// A workspace whose end comes, and one that is dormant then.
    private func endLives(_ fleet: Fleet) async throws {
        try await fleet.sql(
            "UPDATE workspaces SET expires_at = now() + interval '1 minute', retiring = false WHERE name = 'mine'"
        )
        _ = try await fleet.store.enforceLifetimes()
        _ = try await fleet.store.disableUser("ada")
        _ = try await fleet.store.enforceLifetimes()
        try await fleet.sql("UPDATE workspaces SET expires_at = now() WHERE name = 'mine'")
        try await fleet.sql("UPDATE provisioner_jobs SET completed_at = now() WHERE completed_at IS NULL")
        _ = try await fleet.store.enforceLifetimes()
    }

    /// A claim whose build fails for good.
    private func failClaim(_ fleet: Fleet) async throws {
        let template = try await fleet.addTemplate("full")
        _ = try await fleet.addPreset(of: template.version, desired: nil)
        _ = try await fleet.store.claim(ClaimRequest(template: "full", owner: "ada", name: "none"))
        let job = try await fleet.claimOne(for: fleet.addWorker())
        try await fleet.store.completeBuild(job.held, BuildCompletion(result: .failed(.capacity, message: "no room")))
    }

    private func loseAndDrainWorkers(_ fleet: Fleet) async throws {
        let lost = try await fleet.addWorker()
        try await fleet.endLease(of: lost)
        _ = try await fleet.store.reapLostWorkers()
        try await fleet.store.setWorkerState(fleet.addWorker(), .drained, reason: "stopped")
    }

    private func disableEndpoint(_ fleet: Fleet) async throws {
        let endpoint = try await fleet.addEndpoint("gone")
        let ping = Delivery(
            id: .random(),
            eventID: .random(),
            endpointID: endpoint,
            body: [1],
            contentType: "application/json"
        )
        try await fleet.store.addPing(ping)
        let worker = WorkerID.random()
        let leased = try await fleet.store.leaseDeliveries(for: worker, limit: 1, lease: .seconds(60))
        for delivery in leased {
            let gone = DeliveryAttempt(of: delivery, .disableEndpoint, responseCode: 410)
            _ = try await fleet.store.record(gone, by: worker) { health, now in
                (health.isEnabled, health.disabledReason) = (false, "it answered 410 Gone")
                (health.circuit.failingSince, health.lastStatus) = (now, 410)
            }
        }
    }

    // MARK: - Bodies

    /// The newest event of each type, but for the ping, as a deliverer reads it.
    private func written(_ fleet: Fleet) async throws -> [Event] {
        var events: [String: Event] = [:]
        _ = try await fleet.store.dispatchEvents { event, _ in
            #expect(event.unreadableData == nil)
            // The claimant of the last ones is a person, and an empty log proves less.
            if event.type != "ping" { events[event.type] = event }
            return []
        }
        return Array(events.values)
    }

    private func membersAreDeclared(_ events: [Event]) throws {
        for event in events {
            let declared = EventCatalogue.description(of: event.type).fields.map(\.name)
            #expect(Set(event.data.keys).subtracting(declared) == [], "\(event.type)")
        }
    }

    private func schemasHold(_ events: [Event]) async throws {
        let directory = try await TestArea.shared.makeDirectory("bodies")
        func write(_ bytes: [UInt8], _ folder: String, _ type: String) throws {
            let folder = directory.appending(folder).string
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(filePath: "\(folder)/\(type).json"))
        }
        for event in events {
            for envelope in [Envelope.standard, .cloudevents] {
                let message = try #require(envelope.deliveries(of: event, to: .random()).first)
                try write(message.body, envelope.rawValue, event.type)
            }
            try write(EventCatalogue.description(of: event.type).schema.encoded, "schema", event.type)
        }
        let python = WebhookReceiver.python([WebhookReceiver.script("check_bodies.py").string, directory.string])
        let outcome = try await RunningProcess.outcome(of: python.executable, python.arguments)
        #expect(outcome.standardOutput == ["\(EventType.allCases.count) types checked"])
        #expect(outcome.status.isSuccess, "\(outcome.standardError)")
    }
}
