// SPDX-License-Identifier: Apache-2.0

/// A job's class, highest first when workers choose. The raw values are those of `provisioner_jobs.priority`.
package enum JobClass: Int16, CaseIterable, Sendable {
    /// A person waits.
    case interactive = 3
    case delete = 2
    case `import` = 1
    /// The refill of a pool.
    case pool = 0

    /// How often a delete is tried before it counts as failed (jobs.md).
    static let deleteAttempts = 8

    /// What metrics and tables call it.
    package var name: String {
        switch self {
        case .interactive: "interactive"
        case .delete: "delete"
        case .import: "import"
        case .pool: "pool"
        }
    }
}
