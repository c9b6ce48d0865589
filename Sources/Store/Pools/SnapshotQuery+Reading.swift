// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Time

extension Snapshot {
    /// Reads a row of ``SnapshotQuery/presets``: a preset with its prebuilds, or prebuilds without a preset. A preset
    /// that cannot be read is reported by name, and does not affect others.
    mutating func add(_ row: Row, _ parameters: VersionParameters) {
        do {
            guard try row["is_orphan"] else {
                let preset = try PresetSnapshot(row, parameters)
                pendingJobs += try row["pending"]
                presets.append(preset)
                return
            }
            let total: Int = try row["total"]
            guard total > 0 else { throw StoreError.internalInconsistency("its organization is gone") }
            let names = try (orphans?.names ?? []) + (row["orphans"] as [String]).sorted()
            orphans = OrphanedPrebuilds(count: (orphans?.count ?? 0) + total, names: Array(names.prefix(10)))
        } catch {
            func text<Value: PostgresDecodable>(_ column: StaticString, as type: Value.Type = Value.self) -> Value? {
                // The unreadable column may be the name itself.
                (try? row[column] as Value?) ?? nil
            }
            unreadable.append(
                UnreadablePreset(
                    templateName: text("template_name") ?? "",
                    presetName: text("name") ?? "",
                    presetID: text("preset_id"),
                    message: Self.message(error)
                )
            )
        }
    }

    /// Takes out the preset of a row of ``SnapshotQuery/sizes`` that cannot be read.
    mutating func leaveOut(_ row: Row, _ error: any Error) {
        guard let id = try? row["preset_id"] as PresetID,
            let index = presets.firstIndex(where: { $0.pool.presetID == id })
        else { return }
        let pool = presets.remove(at: index).pool
        unreadable.append(
            UnreadablePreset(
                templateName: pool.templateName,
                presetName: pool.presetName,
                presetID: id,
                message: Self.message(error)
            )
        )
    }

    /// Gives presets their overrides and what they have learned.
    mutating func add(_ sizes: [PresetID: SizingInput]) {
        guard !sizes.isEmpty else { return }
        for index in presets.indices where presets[index].isActive {
            presets[index].sizing = sizes[presets[index].pool.presetID]
        }
    }

    /// A message for an operator.
    private static func message(_ error: any Error) -> String {
        guard let error = error as? PostgresError, error.column == "active" else { return "\(error)" }
        return "Its template is in use and has no active version, so its pool cannot be judged and is left alone. "
            + "Promote a version with `stoker templates promote`, or delete the template (\(error))"
    }
}

extension PresetSnapshot {
    fileprivate init(_ row: Row, _ parameters: VersionParameters) throws {
        let pool = Pool(
            presetID: try row["preset_id"],
            presetName: try row["name"],
            templateVersionID: try row["version_id"],
            templateName: try row["template_name"],
            organizationID: try row["organization_id"],
            organizationName: try row["organization_name"]
        )
        let isActive: Bool = try row["active"]
        let starting: Int = try row["starting"]
        let running = try Self.readRunning(row)
        self.init(
            pool: pool,
            isActive: isActive,
            versionReadiness: try Self.readiness(row["readiness"]),
            desiredInstances: try row["desired"],
            timeZone: try row["zone"],
            schedules: try zip(row["crons"] as [String], row["counts"] as [Int]).map(ScheduleRow.init),
            ttlSeconds: try row["ttl"],
            lastInvalidatedAt: try row["last_invalidated_at"],
            maxUnavailable: try row["max_unavailable"],
            leadTime: try (row["lead"] as Double?).map { .seconds(max($0, 0)) },
            status: try PrebuildStatus(stored: row["status"]),
            statusMessage: try row["status_message"],
            failuresForgottenBefore: try row["failures_forgotten_before"],
            pausedUntil: try row["prebuilds_paused_until"],
            // The parameters of a version that is not active do not matter.
            parameters: isActive ? try parameters.of(pool.templateVersionID) : [],
            values: try Dictionary(zip(row["names"] as [String], row["given"] as [String])) { first, _ in first },
            running: running,
            starting: starting,
            stopping: try row["stopping"],
            deleting: try row["deleting"],
            failed: try row["failed"],
            canceled: try row["canceled"],
            abandonedDeletions: try Self.readAbandoned(row),
            pendingOrders: try Self.readOrders(row),
            startBuilds: try Self.readStartBuilds(row, and: running, starting: starting),
            recentFailures: try row["recent_failures"],
            ordersInVain: try row["orders_in_vain"],
            waitingClaims: try row["waiting"]
        )
    }

    private static func readRunning(_ row: Row) throws -> [PrebuildSnapshot] {
        let (ids, builds): ([WorkspaceID], [BuildID]) = (try row["ids"], try row["build_ids"])
        let (created, eligible): ([Instant], [Bool]) = (try row["created"], try row["eligible"])
        return ids.indices.map {
            PrebuildSnapshot(
                workspaceID: ids[$0],
                buildID: builds[$0],
                createdAt: created[$0],
                isEligible: eligible[$0]
            )
        }
    }

    private static func readAbandoned(_ row: Row) throws -> [PrebuildSnapshot] {
        let (ids, builds): ([WorkspaceID], [BuildID]) = (try row["abandoned_ids"], try row["abandoned_builds"])
        let created: [Instant] = try row["abandoned_created"]
        return ids.indices.map {
            PrebuildSnapshot(workspaceID: ids[$0], buildID: builds[$0], createdAt: created[$0], isEligible: false)
        }
    }

    private static func readOrders(_ row: Row) throws -> [PendingOrder] {
        let (ids, builds): ([WorkspaceID], [BuildID]) = (try row["ordered_ids"], try row["ordered_builds"])
        let (created, begun): ([Instant], [Bool]) = (try row["ordered_created"], try row["ordered_begun"])
        return ids.indices.map {
            PendingOrder(workspaceID: ids[$0], buildID: builds[$0], createdAt: created[$0], hasBegun: begun[$0])
        }
    }

    /// The newest start builds, those of running prebuilds among them.
    private static func readStartBuilds(
        _ row: Row,
        and running: [PrebuildSnapshot],
        starting: Int
    ) throws -> [StartBuild] {
        let succeeded = try zip(running, row["build_created"] as [Instant]).map {
            StartBuild(buildID: $0.buildID, createdAt: $1, hasFailed: false, hasSucceeded: true)
        }
        let (ids, created): ([BuildID], [Instant]) = (try row["start_ids"], try row["starts"])
        let failures: [Bool] = try row["failures"]
        let others = ids.indices.map {
            StartBuild(buildID: ids[$0], createdAt: created[$0], hasFailed: failures[$0])
        }
        let newest = (succeeded + others).sorted { ($1.createdAt, $1.buildID) < ($0.createdAt, $0.buildID) }
        return Array(newest.prefix(try (row["history"] as Int) + starting))
    }

    private static func readiness(_ text: String) throws -> VersionReadiness {
        switch text {
        case "ready": .ready
        case "importing": .importing
        case "failed": .importFailed
        default: throw StoreError.internalInconsistency("readiness '\(text)'")
        }
    }
}
