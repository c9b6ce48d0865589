// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Time

extension SnapshotQuery {
    /// What a row of ``presets`` is about.
    enum PresetRow {
        /// A preset, and how many of its start jobs wait.
        case preset(PresetSnapshot, pending: Int)
        case unreadable(UnreadablePreset)
        /// Prebuilds without a preset.
        case orphans(OrphanedPrebuilds)
    }

    /// Reads a row of ``presets``. One that cannot be read is told by name, and keeps no other from being read.
    static func read(_ row: Row, parameters: VersionParameters) -> PresetRow {
        do {
            let (isOrphan, total) = (try row.decode(column: 0, as: Bool.self), try row.decode(column: 1, as: Int.self))
            guard isOrphan else {
                let (preset, pending) = try readPreset(row, parameters)
                return .preset(preset, pending: pending)
            }
            guard total > 0 else { throw StoreError.internalInconsistency("its organization is gone") }
            return .orphans(
                OrphanedPrebuilds(count: total, names: try row.decode(column: 2, as: [String].self).sorted())
            )
        } catch {
            func text<Value: PostgresDecodable>(_ column: StaticString, as type: Value.Type = Value.self) -> Value? {
                // What is unreadable may be the name itself.
                (try? row[column] as Value?) ?? nil
            }
            return .unreadable(
                UnreadablePreset(
                    templateName: text("template_name") ?? "",
                    presetName: text("name") ?? "",
                    presetID: text("preset_id"),
                    message: message(error)
                )
            )
        }
    }

    /// In words for an operator.
    private static func message(_ error: any Error) -> String {
        guard let error = error as? PostgresError, error.column == "active" else { return "\(error)" }
        return "Its template is in use and has no active version, so its pool cannot be judged and is left alone. "
            + "Promote a version with `stoker templates promote`, or delete the template (\(error))"
    }

    /// Reads the preset of a row in the order of its columns. Returns with it how many of its start jobs wait.
    private static func readPreset(
        _ row: Row,
        _ parameters: VersionParameters
    ) throws -> (preset: PresetSnapshot, pending: Int) {
        var row = RowReader(row, from: 3)
        let pool = Pool(
            presetID: try row.next(),
            presetName: try row.next(),
            templateVersionID: try row.next(),
            templateID: try row.next(),
            templateName: try row.next(),
            organizationID: try row.next(),
            organizationName: try row.next()
        )
        var preset = PresetSnapshot(
            pool: pool,
            isActive: try row.next(),
            versionReadiness: try readiness(row.next()),
            desiredInstances: try row.next(),
            timeZone: try row.next(),
            schedules: try zip(row.next([String].self), row.next([Int].self)).map {
                ScheduleRow(cronExpression: $0, desiredInstances: $1)
            },
            ttlSeconds: try row.next(),
            lastInvalidatedAt: try row.next(),
            status: try PrebuildStatus(stored: row.next()),
            statusMessage: try row.next(),
            failuresForgottenBefore: try row.next(),
            pausedUntil: try row.next(),
            parameters: [],
            values: try Dictionary(zip(row.next([String].self), row.next([String].self))) { first, _ in first }
        )
        // The parameters of a version that is not the active one are nobody's concern.
        if preset.isActive { preset.parameters = try parameters.of(pool.templateVersionID) }
        let startsOfRunning = try readRunning(&row, into: &preset)
        let pending = try row.next(Int.self)
        preset.starting = try row.next()
        preset.stopping = try row.next()
        preset.deleting = try row.next()
        preset.failed = try row.next()
        preset.canceled = try row.next()
        preset.abandonedDeletions = try readAbandoned(&row)
        preset.pendingOrders = try readOrders(&row)
        preset.startBuilds = try readStartBuilds(&row, and: startsOfRunning, starting: preset.starting)
        preset.recentFailures = try row.next()
        preset.ordersInVain = try row.next()
        return (preset, pending)
    }

    private static func readAbandoned(_ row: inout RowReader) throws -> [PrebuildSnapshot] {
        let ids = try row.next([WorkspaceID].self)
        let builds = try row.next([BuildID].self)
        let created = try row.next([Instant].self)
        return ids.indices.map {
            PrebuildSnapshot(workspaceID: ids[$0], buildID: builds[$0], createdAt: created[$0], isEligible: false)
        }
    }

    private static func readOrders(_ row: inout RowReader) throws -> [PendingOrder] {
        let ids = try row.next([WorkspaceID].self)
        let builds = try row.next([BuildID].self)
        let created = try row.next([Instant].self)
        let begun = try row.next([Bool].self)
        return ids.indices.map {
            PendingOrder(workspaceID: ids[$0], buildID: builds[$0], createdAt: created[$0], hasBegun: begun[$0])
        }
    }

    /// Returns the start builds of the running prebuilds.
    private static func readRunning(_ row: inout RowReader, into preset: inout PresetSnapshot) throws -> [StartBuild] {
        let ids = try row.next([WorkspaceID].self)
        let builds = try row.next([BuildID].self)
        let created = try row.next([Instant].self)
        let buildCreated = try row.next([Instant].self)
        let eligible = try row.next([Bool].self)
        preset.running = ids.indices.map {
            PrebuildSnapshot(
                workspaceID: ids[$0],
                buildID: builds[$0],
                createdAt: created[$0],
                isEligible: eligible[$0]
            )
        }
        return ids.indices.map {
            StartBuild(buildID: builds[$0], createdAt: buildCreated[$0], hasFailed: false, hasSucceeded: true)
        }
    }

    /// The newest start builds, those of running prebuilds among them.
    private static func readStartBuilds(
        _ row: inout RowReader,
        and running: [StartBuild],
        starting: Int
    ) throws -> [StartBuild] {
        let history = try row.next(Int.self)
        let ids = try row.next([BuildID].self)
        let created = try row.next([Instant].self)
        let failures = try row.next([Bool].self)
        let others = ids.indices.map {
            StartBuild(buildID: ids[$0], createdAt: created[$0], hasFailed: failures[$0])
        }
        let newest = (running + others).sorted { ($1.createdAt, $1.buildID) < ($0.createdAt, $0.buildID) }
        return Array(newest.prefix(history + starting))
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
