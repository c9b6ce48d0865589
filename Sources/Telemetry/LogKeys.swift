// SPDX-License-Identifier: Apache-2.0

/// The keys of log metadata: one name for one thing in every line.
package enum LogKeys {
    package static let attempt = "job.attempt"
    package static let build = "build.id"
    package static let claimEpoch = "job.claim_epoch"
    package static let delivery = "webhook.delivery_id"
    package static let endpoint = "webhook.endpoint"
    package static let error = "error"
    package static let event = "event.id"
    package static let job = "job.id"
    package static let jobType = "job.type"
    package static let organization = "organization.id"
    package static let preset = "preset.id"
    package static let request = "request.id"
    package static let statement = "pg.statement"
    package static let template = "template.id"
    package static let templateVersion = "template_version.id"
    package static let worker = "worker.id"
    package static let workerName = "worker.name"
    package static let workspace = "workspace.id"
}
