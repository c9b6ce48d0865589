// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTypes
package import Prebuilds
import Store
package import Time

/// The recorded claims of a pool, and what a simulation of it needs.
package struct ReadDemand: Operation {
    /// The claims of so many seconds, when no beginning is named: four weeks.
    static let usual = 28 * 86_400

    /// `template/preset`
    package var target: String
    /// `nil`: four weeks before the end.
    package var from: Instant?
    /// `nil`: now.
    package var to: Instant?

    package static let route = Route(.get, "/pools/demand", .pools, for: .templateAdmin)
        .doing("Show when claims of a pool came, and how long its builds took")
        .noting("Claims of all versions count, whatever their outcome, except those that failed.")
        .taking(
            PoolNames.field,
            Field("from", .instant, "The beginning. Default: four weeks before the end."),
            Field("to", .instant, "The end. Default: now.")
        )
        .answering("The claims and the pool's settings.", .one("PoolDemand"))

    package init(target: String, from: Instant? = nil, to: Instant? = nil) {
        self.target = target
        self.from = from
        self.to = to
    }

    package func perform(in context: OperationContext) async throws -> PoolDemand {
        let names = try PoolNames(target)
        let (now, snapshot) = try await context.store.snapshot(at: nil, limits: context.limits())
        let preset = snapshot.presets.first {
            $0.isActive && $0.pool.templateName.lowercased() == names.template.lowercased()
                && $0.pool.presetName == names.preset
        }
        guard let preset else {
            let pools = snapshot.presets.filter(\.isActive).map { "\($0.pool.templateName)/\($0.pool.presetName)" }
            let nearest = Suggestion.nearest(to: target, among: pools).map { "Did you mean '\($0)'? " } ?? ""
            throw Refusal(.notFound, "There is no pool '\(target)'", remedy: nearest + "See 'stoker pools list'.")
        }
        let end = to ?? now
        let start = from ?? end - .seconds(Self.usual)
        guard start < end else { throw Refusal(.invalid, "\(start) is not before \(end)") }
        let claims = try await context.store.claims(
            of: preset.pool.presetID,
            from: start,
            to: end,
            limit: PoolDemand.mostClaims + 1
        )
        guard claims.count <= PoolDemand.mostClaims else {
            throw Refusal(
                .invalid,
                "\(target) had more than \(PoolDemand.mostClaims) claims from \(start) to \(end)",
                remedy: "Take a shorter time."
            )
        }
        return PoolDemand(
            preset,
            from: start,
            to: end,
            claims: claims,
            buildTimes: try await context.store.leadTimes(of: preset.pool.presetID)
        )
    }
}

/// The demand of a pool over a time, and the settings under which it is served.
package struct PoolDemand: Hashable, Sendable, Codable {
    static let mostClaims = 500_000

    package let templateName: String
    package let presetName: String
    package let from: Instant
    package let to: Instant
    /// Milliseconds after `from`, in order.
    package let claims: [Int]
    package let desiredInstances: Int
    /// An IANA name; empty is UTC.
    package let timeZone: String
    package let schedules: [ScheduleRow]
    package let autoscale: AutoscaleSettings
    /// `nil`: no build has ended yet.
    package let buildTimes: LeadTimes?

    private enum CodingKeys: String, CodingKey {
        case from, to, claims, schedules, autoscale
        case templateName = "template_name"
        case presetName = "preset_name"
        case desiredInstances = "desired_instances"
        case timeZone = "timezone"
        case buildTimes = "build_times"
    }

    fileprivate init(
        _ preset: PresetSnapshot,
        from start: Instant,
        to end: Instant,
        claims: [Instant],
        buildTimes: LeadTimes?
    ) {
        templateName = preset.pool.templateName
        presetName = preset.pool.presetName
        from = start
        to = end
        self.claims = claims.map { Int(($0 - start).microseconds / 1_000) }
        desiredInstances = max(preset.desiredInstances, 0)
        timeZone = preset.timeZone
        schedules = preset.schedules
        autoscale = preset.sizing?.settings ?? AutoscaleSettings(mode: .off)
        self.buildTimes = buildTimes
    }

    /// The claims as a trace of the whole time.
    package var trace: Trace {
        Trace(claims: claims.map { from + .milliseconds(Int64($0)) }, from: from, to: to)
    }
}
