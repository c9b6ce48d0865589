// SPDX-License-Identifier: Apache-2.0

/// The type of a job; the raw values are those of the database's enum `provisioner_job_type`.
package enum JobType: String, Hashable, Sendable, Codable, CaseIterable {
    case templateVersionImport = "template_version_import"
    case workspaceBuild = "workspace_build"
}

/// The provisioner of a template; the raw values are those of the database's enum `provisioner_type`.
package enum ProvisionerType: String, CaseIterable, Hashable, Sendable {
    case terraform, process
    /// Builds nothing and succeeds; for tests and measurements.
    case echo
}

/// A job's class, in the order in which workers choose, highest first.
package enum JobClass: String, CaseIterable, Sendable, Codable {
    /// A person waits for it.
    case interactive
    case delete
    case `import`
    /// The refill of a pool.
    case pool

    /// The value of `provisioner_jobs.priority` for the class.
    package var priority: Int16 {
        switch self {
        case .interactive: 3
        case .delete: 2
        case .import: 1
        case .pool: 0
        }
    }

    /// The class of a job with any priority, because operators may write other numbers.
    package init(priority: Int16) {
        self = Self.allCases.first { $0.priority <= priority } ?? .pool
    }

    /// How many attempts a delete has before it fails.
    package static let deleteAttempts = 8
}

/// A job as held by one execution: the fence of every write of the execution.
package struct HeldJob: Hashable, Sendable {
    package let id: JobID
    /// `claim_epoch`: it grows with every claim and every return to the queue.
    package let epoch: Int64

    package init(id: JobID, epoch: Int64) {
        self.id = id
        self.epoch = epoch
    }
}

extension HeldJob: LosslessStringConvertible {
    /// `<job>.<epoch>`, as in file names.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let id = JobID(parts[0]), let epoch = Int64(parts[1]) else { return nil }
        self.init(id: id, epoch: epoch)
    }

    package var description: String { "\(id).\(epoch)" }
}
