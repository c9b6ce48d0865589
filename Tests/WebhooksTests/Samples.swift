// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import FoundationEssentials
import Time
import Webhooks

/// One event of each type, as the store writes them.
enum Samples {
    static let admin = Recipient(
        id: id("11111111-1111-4111-8111-111111111111"),
        username: "ada",
        name: "Ada Lovelace",
        email: "ada@example.com"
    )
    static let second = Recipient(id: id("22222222-2222-4222-8222-222222222222"), username: "bob")
    static let delivery: DeliveryID = id("99999999-9999-4999-8999-999999999999")
    static let now = Instant(seconds: 1_748_833_200)

    static func id<Kind>(_ text: String) -> Identifier<Kind> {
        Identifier(text) ?? Identifier(high: 0, low: 0)
    }

    static func event(_ type: EventType) -> Event {
        Event(
            id: id("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"),
            type: type.rawValue,
            createdAt: now,
            recipients: [admin],
            labels: labels(type),
            data: data(type),
            targets: ["33333333-3333-4333-8333-333333333333"],
            subject: subject(type),
            sequence: 7
        )
    }

    private static let presetLabels = [
        "org": "default", "template": "go-dev", "template_version": "v2", "preset": "us-nix",
    ]
    private static let presetData: [String: JSON] = [
        "organization": reference("0", "default"), "template": reference("1", "go-dev"),
        "template_version": reference("2", "v2"), "preset": reference("3", "us-nix"),
    ]
    private static let workspaceData: [String: JSON] = presetData.merging(
        [
            "workspace": reference("4", "prebuild-a1"), "build_number": 2,
            "claimant": ["id": "55555555-5555-4555-8555-555555555555", "username": "ada"],
            "build": ["id": "66666666-6666-4666-8666-666666666666", "number": 2],
        ],
        uniquingKeysWith: { $1 }
    )

    private static let life: [String: JSON] = [
        "organization": reference("0", "default"), "template": reference("1", "go-dev"),
        "workspace": reference("4", "dev"),
        "claimant": ["id": "55555555-5555-4555-8555-555555555555", "username": "ada"],
    ]

    private static func reference(_ digit: Character, _ name: String) -> JSON {
        let text = String("dddddddd-dddd-4ddd-8ddd-dddddddddddd".map { $0 == "d" ? digit : $0 })
        return ["id": .string(text), "name": .string(name)]
    }

    private static func subject(_ type: EventType) -> String {
        switch type {
        case .workspaceResourceReplaced, .workspaceReady, .claimFailed, .workspaceBuildFailed, .workspaceDeleteFailed,
            .workspaceExpiring, .workspaceExpired, .workspaceDormant:
            "workspace/4"
        case .workerLost, .workerDrained: "worker/7"
        case .maintenanceStarted, .maintenanceEnded: "maintenance"
        case .webhookEndpointDisabled: "endpoint/8"
        case .ping: ""
        default: "preset/3"
        }
    }

    private static func labels(_ type: EventType) -> [String: String] {
        switch type {
        case .workspaceResourceReplaced, .workspaceReady, .claimFailed, .workspaceBuildFailed, .workspaceDeleteFailed:
            presetLabels.merging(["workspace": "prebuild-a1", "claimant": "ada", "workspace_build_num": "2"]) { $1 }
        case .workspaceExpiring, .workspaceExpired, .workspaceDormant:
            ["org": "default", "template": "go-dev", "workspace": "dev", "claimant": "ada"]
        case .workerLost, .workerDrained: ["worker": "worker-1"]
        case .maintenanceStarted, .maintenanceEnded, .ping: [:]
        case .webhookEndpointDisabled: ["endpoint": "chat"]
        default: presetLabels
        }
    }

    private static func data(_ type: EventType) -> [String: JSON] {
        let own: [String: JSON]
        switch type {
        case .prebuildFailureLimitReached:
            own = ["failures": 3, "last_error": "quota \"cpu\" exceeded\nin eu-1", "build_ids": ["b1", "b2", "b3"]]
        case .prebuildFailureLimitResolved: own = ["how": "reset", "by": "ada"]
        case .workspaceResourceReplaced:
            own = [
                "replacements": ["docker_container.dev[0]": ["env", "image"], "docker_volume.home": ["name"]],
                "reasons": ["docker_container.dev[0]": "replace_because_cannot_update"],
            ]
        case .claimWouldReplace:
            own = ["replacements": ["docker_container.dev[0]": ["env"], "docker_volume.home": ["name"]]]
        case .workspaceReady:
            own = [
                "claim": ["id": "77777777-7777-4777-8777-777777777777"], "outcome": "hit", "seconds": 3,
                "workspace_labels": ["team": "lab"],
            ]
        case .claimFailed:
            own = [
                "claim": ["id": "77777777-7777-4777-8777-777777777777"], "outcome": "miss_empty",
                "error": "exit status 1",
                "error_code": "CAPACITY",
            ]
        case .workspaceBuildFailed, .workspaceDeleteFailed:
            own = ["error": "exit status 1", "error_code": "CAPACITY", "log": "Error: no room\n"]
        case .workspaceExpiring:
            return life.merging(["what": "deletion", "cause": "expiry", "at": "2025-06-02T05:00:00Z"]) { $1 }
        case .workspaceExpired: return life.merging(["cause": "dormancy"]) { $1 }
        case .workspaceDormant: return life.merging(["cause": "unused"]) { $1 }
        case .presetValidationFailed: own = ["message": "parameter 'region' has no value"]
        case .poolDepleted: own = ["desired": 3, "eligible": 0, "running": 1, "starting": 2, "misses": 4]
        case .poolRecovered:
            own = ["desired": 3, "eligible": 2, "running": 2, "starting": 1, "misses": 4, "how": "refilled"]
        case .rolloutStopped:
            own = [
                "previous_version": reference("9", "v1"), "reason": "preset 'us-nix': 3 builds failed",
                "action": "hold",
            ]
        case .rolloutCompleted:
            own = ["previous_version": reference("9", "v1"), "adopted": 0, "started_at": "2025-06-02T02:00:00Z"]
        case .workerLost: return ["worker": reference("7", "worker-1"), "jobs": 2]
        case .workerDrained:
            return ["worker": reference("7", "worker-1"), "jobs": 1, "by": "ada", "reason": "kernel update"]
        case .maintenanceStarted: return ["by": "ada", "reason": "upgrade", "until": "2025-06-02T05:00:00Z"]
        case .maintenanceEnded:
            return ["by": "ada", "reason": "", "how": "command", "started_at": "2025-06-02T02:00:00Z"]
        case .webhookEndpointDisabled:
            return [
                "endpoint": reference("8", "chat"), "reason": "no success for 5 days", "last_status": 503,
                "failing_since": "2025-05-28T03:00:00Z",
            ]
        case .ping: return [:]
        }
        let base = [
            .workspaceResourceReplaced, .workspaceReady, .claimFailed, .workspaceBuildFailed, .workspaceDeleteFailed,
        ].contains(type)
        return (base ? workspaceData : presetData).merging(own) { $1 }
    }
}

extension Envelope {
    /// The requests to an endpoint of no importance.
    func messages(for event: Event, makeID: () -> DeliveryID = { .random() }) -> [Delivery] {
        deliveries(of: event, to: EndpointID(high: 0, low: 1), makeID: makeID)
    }
}

/// SplitMix64, so that a failure repeats.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}

extension Instant {
    /// By the clock that a receiver on this machine compares with.
    static func ofThisMachine() -> Instant {
        Instant(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000))
    }
}
