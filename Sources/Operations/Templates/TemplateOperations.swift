// SPDX-License-Identifier: Apache-2.0

import Basics
package import Domain
package import FoundationEssentials
import HTTPTypes
package import Store
import Templates

/// Lists the templates, each with its active version.
package struct ListTemplates: Operation {
    package static let route = Route(.get, "/templates", .templates, for: .member)
        .doing("List the templates")
        .answering("Templates by name.", .list("Template"))

    package init() {}

    package func perform(in context: OperationContext) async throws -> [TemplateSummary] {
        try await context.store.templates()
    }
}

/// Stores an archive as a new version, and enqueues its import; the caller follows the job.
package struct PushTemplate: Operation {
    /// A tar archive of the template's directory.
    package var archive: Data
    /// The version's name; `nil`: the beginning of its archive's hash.
    package var name: String?
    package var message: String?
    /// Whether it becomes the active version after its import; `nil`: yes.
    package var activate: Bool?
    /// Files that the client has already left out, as lines for the import's log.
    package var leftOut: String?
    /// Tags of the version's jobs beside those of `stoker.yaml`, and instead of those of the same name.
    package var tags: [String: String]?
    /// The organization's name or id; `nil`: the default one.
    package var organization: String?
    /// The name of a template of Coder whose `stoker.yaml` gives none.
    package var templateName: String?

    package static let route = Route(.post, "/templates", .templates, for: .templateAdmin)
        .doing("Push a template as a new version")
        .noting(
            """
            The body is a tar archive of the template's directory. It is checked at once; then a worker imports it as the \
            job that is answered, and the version becomes the active one.
            """
        )
        .taking(
            Field("archive", .bytes, required: true, in: .content),
            Field("name", .text(most: 64), "The version's name.", in: .query),
            Field("message", .text(most: 1000), "A message about the changes.", in: .query),
            Field("activate", .flag, "Whether this becomes the active version.", in: .query, default: .flag(true)),
            Field(
                "left_out",
                .text(most: 4000),
                "What the sender has left out of the directory already, in lines for the import's log.",
                in: .query
            ),
            Field(
                "tags",
                .textMap,
                "Tags that workers must have for this version, beside those of `stoker.yaml`, and instead of those of the same name.",
                in: .query
            ),
            Field("organization", .text(least: 1, most: 64), "Its name or id. Default: the default one.", in: .query),
            Field(
                "template_name",
                .text(least: 1, most: 64),
                "The template's name, for a template of Coder whose `stoker.yaml` gives none.",
                in: .query
            )
        )
        .answering("The version, and the job that imports it.", .one("Push"), status: .accepted)

    package init(
        archive: Data,
        name: String? = nil,
        message: String? = nil,
        activate: Bool? = nil,
        leftOut: String? = nil,
        tags: [String: String]? = nil,
        organization: String? = nil,
        templateName: String? = nil
    ) {
        self.archive = archive
        self.name = name
        self.message = message
        self.activate = activate
        self.leftOut = leftOut
        self.tags = tags
        self.organization = organization
        self.templateName = templateName
    }

    private enum CodingKeys: String, CodingKey {
        case archive, name, message, activate, tags, organization
        case leftOut = "left_out"
        case templateName = "template_name"
    }

    package var withoutContent: PushTemplate {
        var push = self
        push.archive = Data()
        return push
    }

    package func perform(in context: OperationContext) async throws -> PushReport {
        try Self.check(tags ?? [:])
        let contents = try TemplateContents(TarArchive.unpack(Array(archive)))
        let template = try PackedTemplate(contents, name: templateName, zones: context.zones)
        let push = template.push(
            versionName: name,
            message: message ?? "",
            activates: activate ?? true,
            tags: tags ?? [:],
            organization: organization,
            notes: (leftOut ?? "").split(whereSeparator: \.isNewline).map { "\($0)" }
        )
        context.store.note?.target = push.templateName
        let (version, job) = try await context.store.pushTemplate(push)
        let isServed = try await context.store.isServed(push.tags ?? .usual, of: organization)
        let unserved = isServed ? nil : push.tags.map { "no worker that is up has the tags \($0.text)" }
        return PushReport(
            templateName: push.templateName,
            versionID: version,
            versionName: push.versionName,
            jobID: job,
            status: OpenEnum(.pending),
            isActive: push.activates,
            workersUp: isServed,
            warnings: template.manifest.warnings.map { "\($0)" } + (try await context.expiries(of: template.manifest))
                + [unserved].compactMap(\.self),
            leftOut: contents.leftOut,
            refused: contents.refused
        )
    }
}

extension PushTemplate {
    private static func check(_ tags: [String: String]) throws(Refusal) {
        guard tags.count <= Tags.most else {
            throw Refusal(.invalid, "There are \(tags.count) tags", remedy: "Give at most \(Tags.most).")
        }
        for (name, value) in tags {
            guard let expectation = Tags.expectation(ofName: name, value: value) else { continue }
            throw Refusal(
                .invalid,
                "The tag '\(Excerpt.of(name))' is not allowed",
                remedy: "Expected is \(expectation)."
            )
        }
    }
}

/// A pushed version, with the progress of its import.
package struct PushReport: Hashable, Sendable, Codable {
    package let templateName: String
    package let versionID: TemplateVersionID
    package let versionName: String
    package let jobID: JobID
    package var status: OpenEnum<JobStatus>
    /// Whether it becomes, or is, the active version.
    package let isActive: Bool
    /// Whether a worker runs that can import it.
    package let workersUp: Bool
    /// Warnings about the template.
    package let warnings: [String]
    /// Paths of the archive that are left out of the version, by its `.terraformignore` or by default.
    package var leftOut: [String]
    /// Paths of the archive that are refused: states, plans or credentials.
    package var refused: [String]

    private enum CodingKeys: String, CodingKey {
        case status, warnings, refused
        case leftOut = "left_out"
        case templateName = "template_name"
        case versionID = "version_id"
        case versionName = "version_name"
        case jobID = "job_id"
        case isActive = "active"
        case workersUp = "workers_up"
    }
}
