// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import Prebuilds
import Store
import Time

/// Something that needs an operator, with its reason.
struct Trouble: Sendable {
    let tone: Tone
    /// In a word or two.
    let state: String
    let subject: Markup
    let reason: Markup

    /// Everything that is wrong with the fleet, the worst first.
    static func all(_ status: FleetStatus, _ endpoints: [EndpointReport], now: Instant) -> [Trouble] {
        ofPause(status.plan.pause, now: now) + ofWorkers(status.overview) + ofPools(status.plan, now: now)
            + ofDeliveries(status.overview.deliveries, endpoints)
    }

    private static func ofPause(_ pause: FleetPause?, now: Instant) -> [Trouble] {
        guard let pause else { return [] }
        let isMaintenance = pause.kind == .maintenance
        let until: Markup = pause.until.map { "ends \(.moment($0, now: now)). " } ?? "until it is ended by hand. "
        let who: Markup = pause.orderedBy.map { "by \($0), " } ?? ""
        return [
            Trouble(
                tone: .warn,
                state: isMaintenance ? "maintenance" : "paused",
                subject: isMaintenance ? "The fleet is in maintenance: no job begins" : "All pools are paused",
                reason: "\(who)\(until)\(pause.reason)"
            )
        ]
    }

    private static func ofWorkers(_ overview: Overview) -> [Trouble] {
        let lost = overview.workers.filter { $0.state == .lost }.map { worker in
            Trouble(
                tone: .bad,
                state: "lost",
                subject: .link("worker \(worker.name)", "/workers"),
                reason: "\(worker.stateReason). Its jobs went to other workers."
            )
        }
        let tags = overview.unservedTags.map { unserved in
            Trouble(
                tone: .bad,
                state: "no worker",
                subject: "No worker has the tags \(unserved.tags.text)",
                reason: "\(unserved.jobs) jobs wait for one; asked for by \(unserved.templates.joined(separator: ", "))"
            )
        }
        let isUp = overview.workers.contains { $0.state == .active }
        let none = Trouble(
            tone: .bad,
            state: "no worker",
            subject: .link("No worker is active", "/workers"),
            reason: "Nothing is built until one is. Start one with 'stoker worker', or resume a drained one."
        )
        return (isUp ? [] : [none]) + lost + tags
    }

    private static func ofPools(_ plan: PlanReport, now: Instant) -> [Trouble] {
        let unreadable = (plan.unreadable ?? []).map { preset in
            Trouble(tone: .bad, state: "unreadable", subject: Markup(preset.sentence), reason: .none)
        }
        let orphaned = plan.orphaned.map {
            [Trouble(tone: .bad, state: "orphaned", subject: Markup($0.message), reason: .none)]
        }
        // A pause of all pools is one trouble, not one for each.
        let pools = plan.presets
            .filter {
                PoolTone.needsSomebody($0.health) && !(plan.paused && $0.health == .paused) || $0.state.failed > 0
            }
            .sorted { PoolTone.rank($0) < PoolTone.rank($1) }
        return unreadable + (orphaned ?? [])
            + pools.map { pool in
                Trouble(
                    tone: PoolTone.of(pool.health),
                    state: pool.health.words,
                    subject: """
                        \(.link("\(pool.templateName)/\(pool.presetName)", PoolsPage.address(pool))) \
                        <span class="soft">\(pool.state.eligible) of \(pool.state.desired) ready</span>
                        """,
                    reason: PoolTone.reason(pool, now: now)
                )
            }
    }

    private static func ofDeliveries(_ counts: Overview.DeliveryCounts, _ endpoints: [EndpointReport]) -> [Trouble] {
        let disabled = endpoints.filter { !$0.enabled }.map { endpoint in
            Trouble(
                tone: .warn,
                state: "disabled",
                subject: .link("webhook \(endpoint.name)", ConsoleAddress.of("webhooks", endpoint.name)),
                reason: "\(endpoint.disabledReason). Its deliveries are held."
            )
        }
        guard counts.dead > 0 else { return disabled }
        return disabled + [
            Trouble(
                tone: .warn,
                state: "given up",
                subject: .link("\(counts.dead) deliveries were given up", "/webhooks?failed=true"),
                reason: "Mend the receiver, then replay them."
            )
        ]
    }
}
