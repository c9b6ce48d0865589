// SPDX-License-Identifier: Apache-2.0

import Prebuilds
import Store

/// Pushes a template and follows its import to the end.
struct TemplatePushing {
    let store: Store
    let address: DatabaseAddress

    /// Throws ``CommandError`` when the import fails; then the version exists, and never becomes active.
    func push(_ push: TemplatePush, _ line: (StoredLogLine) throws -> Void) async throws -> PushReport {
        let (version, job) = try await store.pushTemplate(push)
        if try await !store.workers().contains(where: { $0.state == WorkerState.active.rawValue }) {
            try Console.note("No worker is up; the import waits for one. Start it with 'stoker worker'.")
        }
        let ended = try await JobWatch(store: store, address: address).follow(job, line)
        try ended.requireSuccess()
        return PushReport(
            templateName: push.templateName,
            versionID: version,
            versionName: push.versionName,
            jobID: job,
            status: ended.status,
            isActive: push.activates
        )
    }
}

/// A version that was imported.
struct PushReport: Hashable, Encodable {
    let templateName: String
    let versionID: TemplateVersionID
    let versionName: String
    let jobID: JobID
    let status: String
    let isActive: Bool

    var text: String {
        "Pushed \(templateName), version \(versionName)\(isActive ? ", which is now active" : "")."
    }

    private enum CodingKeys: String, CodingKey {
        case status
        case templateName = "template_name"
        case versionID = "version_id"
        case versionName = "version_name"
        case jobID = "job_id"
        case isActive = "active"
    }
}
