// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import TestSupport
import Time

/// Monday 2 June 2025, 12:00 UTC, and the identifiers and rows of a small fleet.
enum Fixtures {
    static let now = Instant(seconds: 1_748_865_600)
    static let twoHoursAgo = now - .seconds(7_200)

    static func id<Kind>(_ number: Int) -> Identifier<Kind> {
        Identifier(high: 0, low: UInt64(number))
    }

    static func pool(_ number: Int = 1, organization: Int = 1) -> Pool {
        Pool(
            presetID: id(number),
            presetName: "preset-\(number)",
            templateVersionID: id(1),
            templateName: "go-dev",
            organizationID: id(organization),
            organizationName: "org-\(organization)"
        )
    }

    /// A preset that gives the one required parameter of its version.
    static func preset(_ number: Int = 1, desired: Int, isActive: Bool = true) -> PresetSnapshot {
        PresetSnapshot(
            pool: pool(number),
            isActive: isActive,
            desiredInstances: desired,
            parameters: [VersionParameter(name: "test")],
            values: ["test": "value"]
        )
    }

    /// The number is the workspace's identifier, and the build's.
    static func prebuild(_ number: Int, createdAt: Instant = twoHoursAgo, isEligible: Bool = true) -> PrebuildSnapshot {
        PrebuildSnapshot(workspaceID: id(number), buildID: id(number), createdAt: createdAt, isEligible: isEligible)
    }

    static func build(
        _ number: Int,
        createdAt: Instant = twoHoursAgo,
        hasFailed: Bool,
        hasSucceeded: Bool = false
    ) -> StartBuild {
        StartBuild(buildID: id(number), createdAt: createdAt, hasFailed: hasFailed, hasSucceeded: hasSucceeded)
    }

    static func plan(
        _ presets: PresetSnapshot...,
        at now: Instant = now,
        limits: PlanLimits = .none,
        zones: [String: TimeZoneRules] = [:]
    ) -> Plan {
        Plan(snapshot: Snapshot(presets: presets), now: now, limits: limits, zones: zones)
    }
}

extension Plan {
    /// Whether there is nothing to write.
    var isEmpty: Bool { presets.allSatisfy(\.isEmpty) }
}

extension PresetPlan {
    var deletedWorkspaces: [WorkspaceID] { deletions.map(\.workspaceID) }
    var reasons: [Withheld.Reason] { withheld.map(\.reason) }
}

extension PresetSnapshot {
    func with(_ change: (inout Self) -> Void) -> Self {
        var copy = self
        change(&copy)
        return copy
    }
}
