// SPDX-License-Identifier: Apache-2.0

import Basics
import Crypto

/// One numbered step of the schema, forward only. A released file is never edited.
package struct Migration: Hashable, Sendable {
    package let version: Int
    package let name: String
    let sql: String

    /// SHA-256 of the file, in hexadecimal: it detects a file that was edited after it was applied.
    package var checksum: String {
        SHA256.hash(data: Array(sql.utf8)).hexadecimal
    }

    /// All steps in order.
    package static let all: [Migration] = [
        Migration(1, "identity", PackageResources.V0001_identity_sql),
        Migration(2, "templates", PackageResources.V0002_templates_sql),
        Migration(3, "workspaces", PackageResources.V0003_workspaces_sql),
        Migration(4, "jobs", PackageResources.V0004_jobs_sql),
        Migration(5, "claims", PackageResources.V0005_claims_sql),
        Migration(6, "notifications", PackageResources.V0006_notifications_sql),
        Migration(7, "views", PackageResources.V0007_views_sql),
        Migration(8, "statistics", PackageResources.V0008_statistics_sql),
        Migration(9, "handover", PackageResources.V0009_handover_sql),
        Migration(10, "retention", PackageResources.V0010_retention_sql),
        Migration(11, "scaling", PackageResources.V0011_scaling_sql),
        Migration(12, "deliveries", PackageResources.V0012_deliveries_sql),
        Migration(13, "claims_and_agents", PackageResources.V0013_claims_and_agents_sql),
        Migration(14, "reinit_told", PackageResources.V0014_reinit_told_sql),
        Migration(15, "queue_rows", PackageResources.V0015_queue_rows_sql),
        Migration(16, "held_and_compressed", PackageResources.V0016_held_and_compressed_sql),
        Migration(17, "news", PackageResources.V0017_news_sql),
        Migration(18, "readable_settings", PackageResources.V0018_readable_settings_sql),
        Migration(19, "claimable", PackageResources.V0019_claimable_sql),
        Migration(20, "pool_of_prebuild", PackageResources.V0020_pool_of_prebuild_sql),
        Migration(21, "fair_share", PackageResources.V0021_fair_share_sql),
        Migration(22, "free_names", PackageResources.V0022_free_names_sql),
        Migration(23, "lifetimes", PackageResources.V0023_lifetimes_sql),
        Migration(24, "coder_parameters", PackageResources.V0024_coder_parameters_sql),
        Migration(25, "claimable_losses", PackageResources.V0025_claimable_losses_sql),
        Migration(26, "outputs", PackageResources.V0026_outputs_sql),
        Migration(27, "sessions", PackageResources.V0027_sessions_sql),
        Migration(28, "audit", PackageResources.V0028_audit_sql),
        Migration(29, "pool_history", PackageResources.V0029_pool_history_sql),
        Migration(30, "event_filters", PackageResources.V0030_event_filters_sql),
        Migration(31, "pool_sizing", PackageResources.V0031_pool_sizing_sql),
        Migration(32, "rollouts", PackageResources.V0032_rollouts_sql),
        Migration(33, "workspace_life", PackageResources.V0033_workspace_life_sql),
        Migration(34, "half_open", PackageResources.V0034_half_open_sql),
        Migration(35, "rehearsals", PackageResources.V0035_rehearsals_sql),
        Migration(36, "labels", PackageResources.V0036_labels_sql),
    ]

    private init(_ version: Int, _ name: String, _ bytes: [UInt8]) {
        self.version = version
        self.name = name
        sql = String(decoding: bytes, as: UTF8.self)
    }
}
