// SPDX-License-Identifier: Apache-2.0

package import Time

/// Why a job still waits for a worker.
package struct PendingReason: Hashable, Sendable, Codable {
    /// What the job waits for, as JSON and metrics name it.
    package enum Code: String, Hashable, Sendable, Codable {
        /// The fleet is in maintenance.
        case maintenance
        /// It is not due yet.
        case notDue = "not_due"
        /// No worker is up.
        case noWorker = "no_worker"
        /// None of the workers has its tags.
        case tags = "no_worker_with_tags"
        /// None of the workers that have its tags works for its organization.
        case organization = "no_worker_for_organization"
        /// All workers that could run it drain.
        case draining
        /// As many builds of its template run as may.
        case templateCap = "template_capped"
        /// As many builds of its organization run as may.
        case organizationCap = "organization_capped"
        /// All slots of the workers that could run it are taken.
        case busy
        /// Nothing holds it up: the next free worker takes it.
        case next
    }

    package let reason: Code
    /// For people.
    package let message: String
    /// When it ends by itself, where that is known.
    package let until: Instant?
}

/// What decides whether a job can be claimed, at one moment.
struct PendingFacts: Hashable, Sendable {
    var now: Instant
    var availableAt: Instant
    /// What its last attempt failed by.
    var retryReason = ""
    var tags: String
    var organization: String
    var template: String
    var isMaintenance = false
    var maintenanceUntil: Instant?
    var maintenanceReason = ""
    var maintenanceBy = ""
    /// It refills a pool, so that slots which workers reserve are not for it.
    var isRefill = false
    /// Workers whose lease runs.
    var workers = 0
    /// Those of them that have its tags, and of those the ones that work for its organization.
    var matching = 0
    var eligible = 0
    /// Eligible ones that are active, with their slots.
    var active = 0
    var slots = 0
    var busySlots = 0
    var templateCap: Int?
    var templateRunning = 0
    var organizationCap: Int?
    var organizationRunning = 0
    /// Jobs that stand before it in the queue.
    var ahead = 0

    /// Everything that holds the job up, the most general first; never empty.
    var reasons: [PendingReason] {
        var reasons: [PendingReason] = []
        func add(_ code: PendingReason.Code, _ message: String, until: Instant? = nil) {
            reasons.append(PendingReason(reason: code, message: message, until: until))
        }
        if isMaintenance {
            let who = maintenanceBy.isEmpty ? "" : ", by \(maintenanceBy)"
            let why = maintenanceReason.isEmpty ? "" : " (\(maintenanceReason))"
            add(.maintenance, "the fleet is in maintenance\(who)\(why)", until: maintenanceUntil)
        }
        if availableAt > now {
            let why = retryReason.isEmpty ? "" : ", because its last attempt failed with \(retryReason)"
            add(.notDue, "it is not due until \(Instant(seconds: availableAt.seconds + 1))\(why)", until: availableAt)
        }
        if workers == 0 {
            add(.noWorker, "no worker is up")
        } else if matching == 0 {
            let none =
                workers == 1 ? "the only worker that is up lacks" : "none of the \(workers) workers that are up has"
            add(.tags, "\(none) its tags \(tags)")
        } else if eligible == 0 {
            add(.organization, "no worker with its tags works for the organization '\(organization)'")
        } else if active == 0 {
            let all =
                eligible == 1 ? "the only worker that could run it is" : "all \(eligible) workers that could run it are"
            add(.draining, "\(all) draining")
        }
        if let templateCap, templateRunning >= templateCap {
            add(.templateCap, "\(templateRunning) of \(templateCap) builds of the template '\(template)' run")
        }
        if let organizationCap, organizationRunning >= organizationCap {
            add(
                .organizationCap,
                "\(organizationRunning) of \(organizationCap) builds of the organization '\(organization)' run"
            )
        }
        if active > 0, busySlots >= slots {
            let them = active == 1 ? "only worker" : "\(active) workers"
            add(.busy, "all \(slots) slots of the \(them) that could run it are taken, and \(ahead) jobs are before it")
        }
        if reasons.isEmpty {
            // How many they reserve is in their own settings.
            let but = isRefill && busySlots > 0 ? " but slots that workers keep for jobs of people, if any" : ""
            add(.next, "nothing holds it up\(but); \(ahead) jobs are before it")
        }
        return reasons
    }
}
