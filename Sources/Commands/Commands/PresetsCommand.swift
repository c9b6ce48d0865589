// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations
import Prebuilds
import Store
import Time

/// `stoker presets`
struct PresetsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "presets",
        abstract: "List, reset and invalidate presets.",
        subcommands: [List.self, Reset.self, Invalidate.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the presets of all active versions, with their desired and eligible prebuilds."
        )

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ListPresets())
        }
    }

    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a hard limited preset healthy again, and forget its failures.",
            discussion: "An invalid preset stays invalid until it is corrected."
        )

        @OptionGroup var selection: PresetOptions
        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ResetPresets(target: selection.target, preset: selection.preset)) { changed in
                changed.map { preset in
                    let name = "\(preset.templateName)/\(preset.name)"
                    return switch preset.statusBefore {
                    case .healthy: "\(name): its failures are forgotten."
                    case .hardLimited: "\(name): was hard limited; it is built again."
                    case .validationFailed:
                        "\(name): is invalid, see 'stoker presets list'; its failures are forgotten."
                    case .unknown:
                        "\(name): has a status of another release, which stays; its failures are forgotten."
                    }
                }.joined(separator: "\n")
            }
        }
    }

    struct Invalidate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Expire every existing prebuild, so that it is replaced.",
            discussion: "The old ones are deleted and new ones are built; claimed workspaces are not touched."
        )

        @OptionGroup var selection: PresetOptions
        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(InvalidatePresets(target: selection.target, preset: selection.preset)) { changed in
                changed.map { "\($0.templateName)/\($0.name): its prebuilds will be replaced." }.joined(separator: "\n")
            }
        }
    }
}

/// The presets that a command applies to.
struct PresetOptions: ParsableArguments {
    @Argument(help: "A template, for all its presets; a preset as template/preset; or a preset's id.")
    var target: String

    @Option(help: "One of the template's presets.")
    var preset: String?

    func validate() throws {
        guard preset == nil || !target.contains("/") else {
            throw ValidationError("Name the preset once: '\(target)' or --preset \(preset ?? "").")
        }
    }
}

extension PresetReport: TableRow {
    static let whenNone = "There are no presets. Push a template that has some with 'stoker templates push DIR'."

    static var columns: [Table.Column<Self>] {
        [
            .init("template") { $0.preset.templateName },
            .init("preset") { $0.preset.name + ($0.preset.isDefault ? " (default)" : "") },
            .init("status") {
                $0.health?.words ?? ($0.preset.status == .healthy ? "no pool" : $0.preset.status.rawValue)
            },
            .init("desired") { $0.state.map { "\($0.desired)" } ?? "" },
            .init("eligible") { $0.state.map { "\($0.eligible)" } ?? "" },
            .init("actual") { $0.state.map { "\($0.actual)" } ?? "" },
            .init("starting") { $0.state.map { "\($0.starting)" } ?? "" },
            .init("paused") {
                $0.preset.pausedUntil.map { $0 == .distantFuture ? "yes" : "until \(Shown.time($0))" } ?? ""
            },
            .init("message") { $0.message },
        ]
    }
}
