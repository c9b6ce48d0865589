// SPDX-License-Identifier: Apache-2.0

/// What a job is for; the raw values are the database's enum `provisioner_job_type`.
package enum JobType: String, Hashable, Sendable, Codable, CaseIterable {
    case templateVersionImport = "template_version_import"
    case workspaceBuild = "workspace_build"
}

/// What builds the workspaces of a template; the raw values are those of the database's enum `provisioner_type`.
package enum ProvisionerType: String, CaseIterable, Hashable, Sendable {
    case terraform, process
    /// Builds nothing and succeeds; for tests and measurements.
    case echo
}

/// A job's class, highest first when workers choose.
package enum JobClass: String, CaseIterable, Sendable, Codable {
    /// A person waits.
    case interactive
    case delete
    case `import`
    /// The refill of a pool.
    case pool

    /// What `provisioner_jobs.priority` says of the class.
    package var priority: Int16 {
        switch self {
        case .interactive: 3
        case .delete: 2
        case .import: 1
        case .pool: 0
        }
    }

    /// The class of a job of any priority: operators may write others.
    package init(priority: Int16) {
        self = Self.allCases.first { $0.priority <= priority } ?? .pool
    }

    /// How often a delete is tried before it counts as failed.
    package static let deleteAttempts = 8
}

/// A job as one execution holds it: the fence of every write that the execution makes.
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
    /// `<job>.<epoch>`, as the names of files have it.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let id = JobID(parts[0]), let epoch = Int64(parts[1]) else { return nil }
        self.init(id: id, epoch: epoch)
    }

    package var description: String { "\(id).\(epoch)" }
}
