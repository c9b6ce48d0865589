// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// One preset and its prebuilds, as the database holds them.
package struct PresetSnapshot: Hashable, Sendable {
    package var pool: Pool
    /// The preset's version is its template's active one, and the template is neither deleted nor deprecated.
    package var isActive: Bool
    /// Whether the version can be built at all.
    package var versionReadiness: VersionReadiness

    /// `desired_instances`: the count wherever no schedule says otherwise.
    package var desiredInstances: Int
    /// `scheduling_timezone`: an IANA name; empty is UTC.
    package var timeZone: String
    package var schedules: [ScheduleRow]
    /// `invalidate_after_secs`, in seconds; zero or less (and null) is no limit of age.
    package var ttlSeconds: Int
    /// `last_invalidated_at`: prebuilds created before it are expired.
    package var lastInvalidatedAt: Instant?
    /// `max_unavailable`: how many hundredths of the pool may be missing because they are replaced; `nil`: all of them.
    package var maxUnavailable: Int?
    /// How long a prebuild takes from its order until it is ready, as far as the running ones tell.
    package var leadTime: Duration?

    /// `prebuild_status` and `prebuild_status_message`, as the last pass or an operator left them.
    package var status: PrebuildStatus
    package var statusMessage: String
    /// `failures_forgotten_before`: builds created before it no longer count as failed.
    package var failuresForgottenBefore: Instant?
    /// The template's `prebuilds_paused_until`; ``Instant/distantFuture`` when it has no end.
    package var pausedUntil: Instant?

    /// The version's parameters.
    package var parameters: [VersionParameter]
    /// The preset's values, by parameter.
    package var values: [String: String]

    /// Prebuilds whose latest build is a succeeded start, in any order.
    package var running: [PrebuildSnapshot]
    /// Prebuilds whose latest build is a start, a stop or a delete that is pending, running or canceling.
    package var starting: Int
    package var stopping: Int
    package var deleting: Int
    /// Prebuilds whose latest build failed, or was canceled, whatever its transition: evidence for the operator.
    package var failed: Int
    package var canceled: Int
    /// Prebuilds whose deletion was begun by Stoker and canceled, in any order: nobody can claim them.
    package var abandonedDeletions: [PrebuildSnapshot]
    /// Prebuilds of a preset that is not active whose first build waits in the queue, in any order.
    package var pendingOrders: [PendingOrder]

    /// Start builds that are the latest of their prebuild, newest first by the build's `created_at`: the newest
    /// `max(desiredInstances, failureHardLimit, 1)` of them and as many as are starting, or all when there are fewer.
    package var startBuilds: [StartBuild]
    /// All of the preset's latest start builds that failed and were created at or after `now - lookback` and not
    /// before `failuresForgottenBefore`, however many builds are newer.
    package var recentFailures: Int
    /// How long recent builds of the preset took; `nil`: unknown.
    package var buildTime: Duration?
    /// Prebuilds ordered within ``RunawayBrake/window``, not before `failuresForgottenBefore`, when none of them became
    /// ready; 0 when one did. Counted no further than the brake's limit.
    package var ordersInVain: Int
    /// Claims that wait for the preset's next prebuild, as far as they are counted.
    package var waitingClaims: Int
    /// Overrides and autoscaling; `nil`: the template's numbers decide.
    package var sizing: SizingInput?

    package init(
        pool: Pool,
        isActive: Bool,
        versionReadiness: VersionReadiness = .ready,
        desiredInstances: Int,
        timeZone: String = "",
        schedules: [ScheduleRow] = [],
        ttlSeconds: Int = 0,
        lastInvalidatedAt: Instant? = nil,
        maxUnavailable: Int? = nil,
        leadTime: Duration? = nil,
        status: PrebuildStatus = .healthy,
        statusMessage: String = "",
        failuresForgottenBefore: Instant? = nil,
        pausedUntil: Instant? = nil,
        parameters: [VersionParameter] = [],
        values: [String: String] = [:],
        running: [PrebuildSnapshot] = [],
        starting: Int = 0,
        stopping: Int = 0,
        deleting: Int = 0,
        failed: Int = 0,
        canceled: Int = 0,
        abandonedDeletions: [PrebuildSnapshot] = [],
        pendingOrders: [PendingOrder] = [],
        startBuilds: [StartBuild] = [],
        recentFailures: Int = 0,
        buildTime: Duration? = nil,
        ordersInVain: Int = 0,
        waitingClaims: Int = 0,
        sizing: SizingInput? = nil
    ) {
        self.pool = pool
        self.isActive = isActive
        self.versionReadiness = versionReadiness
        self.desiredInstances = desiredInstances
        self.timeZone = timeZone
        self.schedules = schedules
        self.ttlSeconds = ttlSeconds
        self.lastInvalidatedAt = lastInvalidatedAt
        self.maxUnavailable = maxUnavailable
        self.leadTime = leadTime
        self.status = status
        self.statusMessage = statusMessage
        self.failuresForgottenBefore = failuresForgottenBefore
        self.pausedUntil = pausedUntil
        self.parameters = parameters
        self.values = values
        self.running = running
        self.starting = starting
        self.stopping = stopping
        self.deleting = deleting
        self.failed = failed
        self.canceled = canceled
        self.abandonedDeletions = abandonedDeletions
        self.pendingOrders = pendingOrders
        self.startBuilds = startBuilds
        self.recentFailures = recentFailures
        self.buildTime = buildTime
        self.ordersInVain = ordersInVain
        self.waitingClaims = waitingClaims
        self.sizing = sizing
    }
}

/// Whether a version's import has succeeded, so that its presets can be built.
package enum VersionReadiness: Hashable, Sendable {
    /// Imported, or nothing to import.
    case ready
    /// The import is pending or running.
    case importing
    /// The import failed or was canceled.
    case importFailed
}

/// A row of a preset's schedule: while the expression covers the moment, `desiredInstances` is the count.
package struct ScheduleRow: Hashable, Sendable, Codable {
    package let cronExpression: String
    package let desiredInstances: Int

    private enum CodingKeys: String, CodingKey {
        case cronExpression = "cron"
        case desiredInstances = "instances"
    }

    package init(cronExpression: String, desiredInstances: Int) {
        self.cronExpression = cronExpression
        self.desiredInstances = desiredInstances
    }
}
