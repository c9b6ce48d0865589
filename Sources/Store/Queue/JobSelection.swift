// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// A filter of jobs; `nil` means any.
package struct JobSelection: Hashable, Sendable {
    /// The first digits of the id.
    package var id: String?
    package var status: JobStatus?
    package var jobClass: JobClass?
    package var template: String?
    package var preset: String?
    /// Its name or id.
    package var worker: String?
    /// Its name or id.
    package var workspace: String?
    /// The owner of the workspace.
    package var owner: String?
    package var errorCode: String?
    /// Only those ordered since then, and before then.
    package var since: Instant?
    package var until: Instant?

    package init(
        id: String? = nil,
        status: JobStatus? = nil,
        jobClass: JobClass? = nil,
        template: String? = nil,
        preset: String? = nil,
        worker: String? = nil,
        workspace: String? = nil,
        owner: String? = nil,
        errorCode: String? = nil,
        since: Instant? = nil,
        until: Instant? = nil
    ) {
        self.id = id
        self.status = status
        self.jobClass = jobClass
        self.template = template
        self.preset = preset
        self.worker = worker
        self.workspace = workspace
        self.owner = owner
        self.errorCode = errorCode
        self.since = since
        self.until = until
    }

    /// The tables of ``condition``.
    static let tables: SQL = """
        provisioner_jobs j
        LEFT JOIN workspace_builds b ON b.job_id = j.id
        -- A rehearsal's build is gone when its job has ended.
        LEFT JOIN workspaces w ON w.id = coalesce(b.workspace_id, j.workspace_id)
        LEFT JOIN template_versions v ON v.job_id = j.id
        LEFT JOIN templates t ON t.id = coalesce(w.template_id, v.template_id)
        LEFT JOIN template_version_presets p ON p.id = b.template_version_preset_id
        LEFT JOIN workers k ON k.id = j.worker_id
        LEFT JOIN users u ON u.id = w.owner_id
        """

    /// Whether a job of ``tables`` is meant. Only the given parts are in it, so that each has a plan of its own.
    var condition: SQL {
        var parts: [SQL] = []
        if let id { parts.append(.beginsWith(id, "j.id", JobID.self)) }
        if let status { parts.append("j.job_status::text = \(status.rawValue)") }
        // As in `JobClass.init(priority:)`.
        if let jobClass { parts.append("least(greatest(j.priority, 0), 3) = \(jobClass.priority)") }
        if let template { parts.append("lower(coalesce(t.name, j.input->>'template_name')) = lower(\(template))") }
        if let preset { parts.append("p.name = \(preset)") }
        if let worker { parts.append("(k.name = \(worker) OR k.id::text = lower(\(worker)))") }
        if let workspace { parts.append("(lower(w.name) = lower(\(workspace)) OR w.id::text = lower(\(workspace)))") }
        if let owner { parts.append("lower(u.username) = lower(\(owner))") }
        if let errorCode { parts.append("j.error_code = \(errorCode)") }
        if let since { parts.append("j.created_at >= \(since)") }
        if let until { parts.append("j.created_at < \(until)") }
        return parts.dropFirst().reduce(parts.first ?? "true") { "\(sql: $0) AND \(sql: $1)" }
    }
}

extension SQL {
    /// Whether the id in a column begins with these digits. Nothing does when they are too few or none.
    static func beginsWith<Kind>(_ digits: String, _ column: SQL, _ type: Identifier<Kind>.Type) -> SQL {
        guard let range = type.range(beginning: digits) else { return "false" }
        return "(\(sql: column) >= \(range.lowerBound) AND \(sql: column) <= \(range.upperBound))"
    }
}
