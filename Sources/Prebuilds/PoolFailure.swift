// SPDX-License-Identifier: Apache-2.0

/// Why the newest build of a pool that has ended failed, and where to read more.
package struct PoolFailure: Hashable, Sendable, Codable {
    package let buildID: BuildID
    package let jobID: JobID
    /// As the provisioner told it; may have many lines.
    package let error: String
    /// Empty: it has none.
    package let errorCode: String
    /// When it ended.
    package let at: Instant

    package init(buildID: BuildID, jobID: JobID, error: String, errorCode: String, at: Instant) {
        self.buildID = buildID
        self.jobID = jobID
        self.error = error
        self.errorCode = errorCode
        self.at = at
    }

    private enum CodingKeys: String, CodingKey {
        case error, at
        case buildID = "build_id"
        case jobID = "job_id"
        case errorCode = "error_code"
    }
}
