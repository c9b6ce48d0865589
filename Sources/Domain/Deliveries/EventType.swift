// SPDX-License-Identifier: Apache-2.0

package import Time

/// The event types of this release.
package enum EventType: String, CaseIterable, Sendable {
    case prebuildFailureLimitReached = "prebuild_failure_limit_reached"
    case prebuildFailureLimitResolved = "prebuild_failure_limit_resolved"
    case workspaceResourceReplaced = "workspace_resource_replaced"
    case claimWouldReplace = "claim_would_replace"
    case workspaceReady = "workspace_ready"
    case claimFailed = "claim_failed"
    case workspaceBuildFailed = "workspace_build_failed"
    case workspaceDeleteFailed = "workspace_delete_failed"
    case workspaceExpiring = "workspace_expiring"
    case workspaceExpired = "workspace_expired"
    case workspaceDormant = "workspace_dormant"
    case presetValidationFailed = "preset_validation_failed"
    case poolDepleted = "pool_depleted"
    case poolRecovered = "pool_recovered"
    case rolloutStopped = "rollout_stopped"
    case rolloutCompleted = "rollout_completed"
    case workerLost = "worker_lost"
    case workerDrained = "worker_drained"
    case maintenanceStarted = "maintenance_started"
    case maintenanceEnded = "maintenance_ended"
    case webhookEndpointDisabled = "webhook_endpoint_disabled"
    case ping
}

extension Event {
    /// The event for testing an endpoint.
    package static func ping(of subject: String, at now: Instant) -> Event {
        Event(id: .random(), type: EventType.ping.rawValue, createdAt: now, subject: subject)
    }
}
