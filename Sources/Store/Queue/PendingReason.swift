// SPDX-License-Identifier: Apache-2.0

package import Time

/// Why a job is still pending.
package struct PendingReason: Hashable, Sendable, Codable {
    /// What the job waits for, as JSON and metrics name it.
    package enum Code: String, Hashable, Sendable, Codable {
        /// The fleet is in maintenance.
        case maintenance
        /// It is not due yet.
        case notDue = "not_due"
        /// No worker runs.
        case noWorker = "no_worker"
        /// No worker has its tags.
        case tags = "no_worker_with_tags"
        /// No worker with its tags works for its organization.
        case organization = "no_worker_for_organization"
        /// All workers that could run it are draining.
        case draining
        /// The cap of its template is reached.
        case templateCap = "template_capped"
        /// The cap of its organization is reached.
        case organizationCap = "organization_capped"
        /// All slots of the workers that could run it are in use.
        case busy
        /// Nothing delays it: the next free worker claims it.
        case next
    }

    package let reason: Code
    /// A message for people.
    package let message: String
    /// When the reason ends by itself, if that is known.
    package let until: Instant?
}

/// The facts that decide whether a job can be claimed, at one moment.
struct PendingFacts: Hashable, Sendable {
    var now: Instant
    var availableAt: Instant
    /// The failure of its last attempt.
    var retryReason = ""
    var tags: String
    var organization: String
    var template: String
    var isMaintenance = false
    var maintenanceUntil: Instant?
    var maintenanceReason = ""
    var maintenanceBy = ""
    /// Whether it refills a pool, and so cannot use reserved slots.
    var isRefill = false
    /// Workers with a valid lease.
    var workers = 0
    /// Those with its tags, and among those the ones that work for its organization.
    var matching = 0
    var eligible = 0
    /// Active workers among them, with their slots.
    var active = 0
    var slots = 0
    var busySlots = 0
    var templateCap: Int?
    var templateRunning = 0
    var organizationCap: Int?
    var organizationRunning = 0
    /// Jobs before it in the queue.
    var ahead = 0

    /// All reasons, the most general first; never empty.
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
            // The number of reserved slots is in the workers' own settings.
            let but = isRefill && busySlots > 0 ? " but slots that workers keep for jobs of people, if any" : ""
            add(.next, "nothing holds it up\(but); \(ahead) jobs are before it")
        }
        return reasons
    }
}
