// SPDX-License-Identifier: Apache-2.0

import Operations
import Store

/// Pushes a template and follows its import to the end.
struct TemplatePushing {
    let control: any Control

    /// Throws ``CommandError`` when the import fails; then the version exists, and never becomes active.
    func push(_ push: PushTemplate, _ line: (StoredLogLine) throws -> Void) async throws -> PushReport {
        var report = try await control.perform(push)
        if !report.workersUp {
            try Console.note("No worker is up; the import waits for one. Start it with 'stoker worker'.")
        }
        report.status = try await control.follow(report.jobID, line).requireSuccess().status
        return report
    }
}

extension PushReport {
    var text: String {
        "Pushed \(templateName), version \(versionName)\(isActive ? ", which is now active" : "")."
    }
}
