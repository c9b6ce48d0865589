// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Prebuilds

extension SnapshotQuery {
    /// Reads a row of ``presets`` in the order of its columns. Returns with the preset how many of its start jobs wait.
    static func readPreset(
        _ row: Row,
        parameters: [TemplateVersionID: [VersionParameter]]
    ) throws -> (preset: PresetSnapshot, pending: Int) {
        var row = RowReader(row)
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
            parameters: parameters[pool.templateVersionID] ?? [],
            values: try Dictionary(zip(row.next([String].self), row.next([String].self))) { first, _ in first }
        )
        let startsOfRunning = try readRunning(&row, into: &preset)
        let pending = try row.next(Int.self)
        preset.starting = try row.next()
        preset.stopping = try row.next()
        preset.deleting = try row.next()
        preset.startBuilds = try readStartBuilds(&row, and: startsOfRunning, starting: preset.starting)
        preset.recentFailures = try row.next()
        return (preset, pending)
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
