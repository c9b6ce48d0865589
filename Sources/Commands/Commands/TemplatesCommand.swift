// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import FoundationEssentials
import Operations
import Store
import Templates

/// `stoker templates`
struct TemplatesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "templates",
        abstract: "Push, list and manage templates.",
        subcommands: [
            Init.self, Check.self, Push.self, List.self, Versions.self, Promote.self, Set.self, Deprecate.self,
            Delete.self,
        ]
    )

    struct Push: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Upload a template as a new version, and wait for its import.",
            discussion: """
                The template is checked here first: what is wrong is said with file and line, and nothing is written. \
                Then a worker imports it, and its log is shown. The version becomes the active one once it is imported.

                While the import waits, standard error says what for. The exit code is 0 when it succeeded, 1 when it failed \
                or was canceled, 2 when the template was refused.
                """
        )

        @Argument(help: "The template's directory, or a tar archive of it.")
        var directory: String

        @Option(help: "The version's name; else the beginning of its archive's hash.")
        var name: String?

        @Option(
            help:
                "The template's name, for a template of Coder whose stoker.yaml gives none; else its directory's name."
        )
        var template: String?

        @Option(
            name: .customLong("variable"),
            help: ArgumentHelp(
                "A value for a variable of the module, which is kept with the version; may be repeated.",
                valueName: "name=value"
            )
        )
        var variables: [String] = []

        @Option(help: "The changes in it.")
        var message = ""

        @Flag(inversion: .prefixedNo, help: "Whether it becomes the active version.")
        var activate = true

        @Option(
            name: .customLong("tag"),
            help: ArgumentHelp(
                "A tag that workers must have for this version; may be repeated, and wins over stoker.yaml.",
                valueName: "name=value"
            )
        )
        var tags: [String] = []

        @Option(help: "The organization's name or id. Default: the default one.")
        var org: String?

        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            _ = try Self.tags(tags)
            for text in variables where KeyValue.split(text) == nil {
                throw ValidationError("--variable \(text): expected name=value, such as namespace=coder.")
            }
        }

        /// The tags by name; the last of several with the same name counts.
        private static func tags(_ texts: [String]) throws -> [String: String] {
            try texts.reduce(into: [:]) { tags, text in
                guard let (name, value) = KeyValue.split(text) else {
                    throw ValidationError("--tag \(text): expected name=value, such as gpu=true.")
                }
                if let expectation = Tags.expectation(ofName: name, value: value) {
                    throw ValidationError("--tag \(text): expected \(expectation).")
                }
                tags[name] = value
            }
        }

        func run() async throws {
            let contents = try TemplateSource.contents(at: directory)
            for note in contents.notes { try Console.note(note) }
            let templateName = template ?? TemplateSource.name(of: directory)
            let values = TemplateSource.valueFile(
                variables.compactMap { KeyValue.split($0) }.map { (name: $0.key, value: $0.value) }
            )
            let whole = try values.map { try TemplateContents(contents.entries + [$0]) } ?? contents
            let packed = try PackedTemplate(whole, name: templateName, zones: ZoneDirectory())
            let warnings = packed.manifest.warnings.map { "\($0)" }
            for warning in warnings { try Console.note("warning: \(warning)") }
            let push = PushTemplate(
                archive: Data(packed.archive),
                name: name,
                message: message,
                activate: activate,
                leftOut: contents.notes.isEmpty ? nil : contents.notes.joined(separator: "\n"),
                tags: tags.isEmpty ? nil : try Self.tags(tags),
                organization: org,
                templateName: templateName
            )
            var report = try await control.withControl { control in
                try await TemplatePushing(control: control, display: WaitDisplay(), known: warnings).push(push) {
                    line in
                    // Shown before the upload.
                    if line.stage != "push" { try Console.note(LogPrinter.text(line)) }
                }
            }
            report.leftOut = contents.leftOut
            report.refused = contents.refused
            try output.print(report, table: \.text)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the templates.")

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ListTemplates())
        }
    }
}

extension TemplateSummary: TableRow {
    static let whenNone = "There are no templates. Push one with 'stoker templates push DIR'."

    static var columns: [Table.Column<Self>] {
        [
            .init("name") { $0.name },
            .init("organization") { $0.organizationName },
            .init("provisioner") { $0.provisioner },
            .init("active version") { $0.activeVersion },
            .init("presets") { "\($0.presets)" },
            .init("cap") { $0.maxConcurrentBuilds.map { "\($0)" } ?? "" },
            .init("deprecated") { $0.deprecated },
            .init("id") { "\($0.id)" },
        ]
    }
}
