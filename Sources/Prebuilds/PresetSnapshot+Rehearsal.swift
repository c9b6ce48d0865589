// SPDX-License-Identifier: Apache-2.0

extension PresetSnapshot {
    /// The warning that claims would replace resources; `nil`: none would, or it is not known yet.
    var rehearsalWarning: String? {
        guard !claimReplaces.isEmpty else { return nil }
        let shown = claimReplaces.prefix(5).joined(separator: ", ")
        let more = claimReplaces.count > 5 ? " and \(claimReplaces.count - 5) more" : ""
        return "a claim would replace \(shown)\(more): see 'stoker templates versions \(pool.templateName)'"
    }
}
