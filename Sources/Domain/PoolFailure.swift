// SPDX-License-Identifier: Apache-2.0

package import Time

/// Why the newest ended build of a pool failed, and which job to look at.
package struct PoolFailure: Hashable, Sendable, Codable {
    package let buildID: BuildID
    package let jobID: JobID
    /// The provisioner's message; may have many lines.
    package let error: String
    /// Empty when there is none.
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
