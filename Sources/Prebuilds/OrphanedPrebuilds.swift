// SPDX-License-Identifier: Apache-2.0

/// Prebuilds without a pool: their preset, version, template, organization, build or job is gone from the database. No
/// pass touches them, and their resources may still exist.
package struct OrphanedPrebuilds: Hashable, Sendable, Codable {
    package let count: Int
    /// Their names, the first few.
    package let names: [String]

    package init(count: Int, names: [String]) {
        self.count = count
        self.names = names
    }

    /// A message for an operator, with the remedy.
    package var message: String {
        let more = count > names.count ? " and \(count - names.count) more" : ""
        return "\(count == 1 ? "1 prebuild belongs" : "\(count) prebuilds belong") to no pool: "
            + "\(names.joined(separator: ", "))\(more). What it was made from is gone. Remove what exists of it, "
            + "then run `stoker workspaces delete NAME --force`."
    }
}
