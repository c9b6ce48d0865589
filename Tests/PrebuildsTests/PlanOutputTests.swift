// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Prebuilds
import TestSupport
import Testing

/// What `stoker plan --output json` prints.
@Suite struct PlanOutputTests {
    private func json(_ plan: Plan) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(PlanReport(plan)), as: UTF8.self)
    }

    @Test func `actions and what is withheld`() throws {
        let preset = Fixtures.preset(desired: 3).with {
            $0.ttlSeconds = 60
            $0.running = [Fixtures.prebuild(7)]
            $0.startBuilds = [Fixtures.build(9, createdAt: Fixtures.now, hasFailed: true)]
            $0.recentFailures = 2
        }
        let limits = PlanLimits(failureHardLimit: 0)
        #expect(
            try json(Fixtures.plan(preset, limits: limits)) == """
                {
                  "now" : "2025-06-02T12:00:00Z",
                  "paused" : false,
                  "presets" : [
                    {
                      "actions" : [
                        {
                          "reason" : "expired",
                          "type" : "delete",
                          "workspace_ids" : [
                            "00000000-0000-0000-0000-000000000007"
                          ]
                        }
                      ],
                      "active" : true,
                      "health" : "backing_off",
                      "org_name" : "org-1",
                      "preset_id" : "00000000-0000-0000-0000-000000000001",
                      "preset_name" : "preset-1",
                      "state" : {
                        "actual" : 1,
                        "aging" : 0,
                        "canceled" : 0,
                        "deleting" : 0,
                        "desired" : 3,
                        "eligible" : 0,
                        "expired" : 1,
                        "extraneous" : 0,
                        "failed" : 0,
                        "previous" : 0,
                        "starting" : 0,
                        "stopping" : 0,
                        "waiting" : 0
                      },
                      "status" : "healthy",
                      "template_name" : "go-dev",
                      "withheld" : [
                        {
                          "count" : 3,
                          "failures" : 2,
                          "message" : "2 recent builds of this preset failed, the newest one of 2025-06-02T12:00:00Z. \
                No other is ordered before 2025-06-02T12:02:00Z.",
                          "reason" : "backoff",
                          "type" : "create",
                          "until" : "2025-06-02T12:02:00Z"
                        }
                      ]
                    }
                  ]
                }
                """
        )
    }

    @Test func `creations and warnings`() throws {
        let plan = Fixtures.plan(Fixtures.preset(desired: 2).with { $0.values["tset"] = "typo" }).presets[0]
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(PlanReport.Preset(plan)), as: UTF8.self)
        #expect(text.hasPrefix(#"{"actions":[{"count":2,"type":"create"}],"active":true,"#))
        #expect(
            text.hasSuffix(
                #""warnings":["the preset's value 'tset' is for no parameter of its version"],"withheld":[]}"#
            )
        )
    }

    @Test func `a pause`() throws {
        let pause = FleetPause(kind: .maintenance, reason: "upgrade", orderedBy: "bob")
        let plan = Plan(snapshot: Snapshot(presets: [], pause: pause), now: Fixtures.now, limits: .none)
        #expect(
            try json(plan) == """
                {
                  "now" : "2025-06-02T12:00:00Z",
                  "pause" : {
                    "kind" : "maintenance",
                    "ordered_by" : "bob",
                    "reason" : "upgrade"
                  },
                  "paused" : true,
                  "presets" : [

                  ]
                }
                """
        )
    }

    @Test func `every reason and status has its name`() throws {
        let reasons: [Withheld.Reason] = [
            .paused, .backoff, .hardLimited, .validationFailed, .versionNotReady, .capped, .quota,
        ]
        #expect(
            reasons.map(\.rawValue) == [
                "paused", "backoff", "hard_limited", "validation_failed", "version_not_ready", "capped", "quota",
            ]
        )
        let deletions: [DeleteReason] = [.expired, .extraneous, .inactive, .failed, .deletionCanceled]
        #expect(deletions.map(\.rawValue) == ["expired", "extraneous", "inactive", "failed", "deletion_canceled"])
        let statuses: [PrebuildStatus] = [.healthy, .hardLimited, .validationFailed, .unknown]
        #expect(statuses.map(\.rawValue) == ["healthy", "hard_limited", "validation_failed", "unknown"])
    }
}
