// SPDX-License-Identifier: Apache-2.0

import Operations
import Store

/// Pushes a template and follows its import to the end.
struct TemplatePushing {
    let control: any Control
    /// Shows what the import waits for; `nil`: not shown.
    var display: WaitDisplay?
    /// Warnings that were already shown.
    var known: [String] = []

    /// Throws ``CommandError`` when the import fails; then the version exists, and never becomes active.
    func push(_ push: PushTemplate, _ line: (StoredLogLine) throws -> Void) async throws -> PushReport {
        var report = try await control.perform(push)
        for warning in report.warnings where !known.contains(warning) { try Console.note("warning: \(warning)") }
        let ended =
            if let display {
                try await JobWaiting(control: control, display: display).follow(report.jobID, line)
            } else {
                try await control.follow(report.jobID, line)
            }
        report.status = try ended.requireSuccess().status
        return report
    }
}

extension PushReport {
    var text: String {
        "Pushed \(templateName), version \(versionName)\(isActive ? ", which is now active" : "")."
    }
}
