// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations
import Store
import Time

extension TemplatesCommand {
    /// `stoker templates versions`
    struct Versions: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the versions of a template, newest first.")

        @Argument(help: "The template.")
        var template: String

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ListTemplateVersions(template: template))
        }
    }

    /// `stoker templates promote`
    struct Promote: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a version the active one.",
            discussion: "Its pools are filled, those of the previous version are emptied, and new claims use it."
        )

        @Argument(help: "The template.")
        var template: String

        @Argument(help: "The version's name or id; the newest of several with one name.")
        var version: String

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(PromoteTemplateVersion(template: template, version: version)) {
                "'\($0.name)' is the active version of \(template)."
            }
        }
    }

    /// `stoker templates deprecate`
    struct Deprecate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deprecate a template: it cannot be claimed, and its pools are emptied; users' workspaces stay."
        )

        @Argument(help: "The template.")
        var template: String

        @Option(help: "The message for users who want to claim it.")
        var message = DeprecateTemplate.usualMessage

        @Flag(help: "Take it back.")
        var undo = false

        @OptionGroup var control: ControlOptions

        func validate() throws {
            guard !message.isEmpty else { throw ValidationError("--message takes words; --undo takes it back.") }
        }

        func run() async throws {
            let operation = DeprecateTemplate(template: template, message: undo ? nil : message, undo: undo)
            _ = try await control.ask(operation)
            try Console.note(undo ? "\(template) can be claimed again." : "\(template) is deprecated: \(message)")
        }
    }

    /// `stoker templates set`
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set or take away a template's cap.",
            discussion: "Builds that run above a new cap end as they began."
        )

        @Argument(help: "The template.")
        var template: String

        @Option(help: "The most builds of it that run at once; 'none' takes the cap away.")
        var maxConcurrentBuilds: LimitArgument

        @OptionGroup var control: ControlOptions

        func run() async throws {
            let operation = SetTemplate(
                template: template,
                maxConcurrentBuilds: maxConcurrentBuilds.limit,
                unset: maxConcurrentBuilds == .none ? [.maxConcurrentBuilds] : nil
            )
            _ = try await control.ask(operation)
            try Console.note(
                maxConcurrentBuilds.limit.map { "At most \($0) builds of \(template) run at once." }
                    ?? "\(template) has no cap of its own."
            )
        }
    }

    /// `stoker templates delete`
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a template and empty its pools; refused while users have workspaces of it."
        )

        @Argument(help: "The template.")
        var template: String

        @OptionGroup var control: ControlOptions

        func run() async throws {
            _ = try await control.ask(DeleteTemplate(template: template))
            try Console.note("\(template) is deleted; its pools are being emptied.")
        }
    }
}

extension RehearsalReport {
    /// What a claim does, in a few words.
    fileprivate var words: String {
        switch status.known {
        case .inPlace: "in place"
        case .replaces: "replace " + replacements.map(\.address).joined(separator: ", ")
        case .failed: "fail: \(message)"
        case Rehearsal.Status.none?: "not rehearsed: \(message)"
        case nil: status.text
        }
    }
}

extension TemplateVersionSummary: TableRow {
    static let whenNone = "It has no version yet."

    static var columns: [Table.Column<Self>] {
        [
            .init("name") { $0.name + ($0.isActive ? " (active)" : "") },
            .init("import") { $0.status.text },
            .init("presets") { "\($0.presets)" },
            .init("workspaces") { "\($0.workspaces)" },
            .init("claims") { $0.rehearsal?.words ?? "-" },
            .init("pushed") { Shown.time($0.createdAt) },
            .init("age") { Shown.age(of: $0.createdAt) },
            .init("message") { $0.error.isEmpty ? $0.message : $0.error },
            .init("id") { "\($0.id)" },
        ]
    }
}
