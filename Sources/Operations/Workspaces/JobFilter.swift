// SPDX-License-Identifier: Apache-2.0

package import Domain
import Store
package import Time

/// Which jobs an operation is about; `nil` means any.
package struct JobFilter: Hashable, Sendable, Codable {
    /// The first digits of the id.
    package var id: String?
    package var status: JobStatus?
    package var jobClass: JobClass?
    package var template: String?
    package var preset: String?
    /// Its name or id.
    package var worker: String?
    /// Its name or id.
    package var workspace: String?
    package var owner: String?
    package var errorCode: String?
    package var since: Instant?
    package var until: Instant?

    private enum CodingKeys: String, CodingKey {
        case id, status, template, preset, worker, workspace, owner, since, until
        case jobClass = "class"
        case errorCode = "error_code"
    }

    static let fields = [
        Field("id", .text(least: Identifier<Never>.leastDigits, most: 36), "Only jobs whose id begins so."),
        Field("status", .choice(of: JobStatus.self)),
        Field("class", .choice(of: JobClass.self)),
        Field("template", .text(most: 64), "Only jobs of this template."),
        Field("preset", .text(most: 128), "Only builds of a preset with this name."),
        Field("worker", .text(most: 255), "Only jobs that this worker, by name or id, runs or ran last."),
        Field("workspace", .text(most: 64), "Only builds of this workspace, by name or id."),
        Field("owner", .text(most: 64), "Only builds of this user's workspaces."),
        Field("error_code", .text(most: 64), "Only jobs that ended with this code."),
        Field("since", .instant, "Only jobs ordered since then."),
        Field("until", .instant, "Only jobs ordered before then."),
    ]

    package init(
        id: String? = nil,
        status: JobStatus? = nil,
        jobClass: JobClass? = nil,
        template: String? = nil,
        preset: String? = nil,
        worker: String? = nil,
        workspace: String? = nil,
        owner: String? = nil,
        errorCode: String? = nil,
        since: Instant? = nil,
        until: Instant? = nil
    ) {
        self.id = id
        self.status = status
        self.jobClass = jobClass
        self.template = template
        self.preset = preset
        self.worker = worker
        self.workspace = workspace
        self.owner = owner
        self.errorCode = errorCode
        self.since = since
        self.until = until
    }

    /// Whether it lets every job through.
    package var isEmpty: Bool { self == JobFilter() }

    var selection: JobSelection {
        JobSelection(
            id: id,
            status: status,
            jobClass: jobClass,
            template: template,
            preset: preset,
            worker: worker,
            workspace: workspace,
            owner: owner,
            errorCode: errorCode,
            since: since,
            until: until
        )
    }
}
