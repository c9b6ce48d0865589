// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations
import Store

/// `stoker orgs`
struct OrgsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orgs",
        abstract: "Add, list and change organizations, with their caps and quotas.",
        subcommands: [Add.self, List.self, Set.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the organizations, and what each uses of its limits."
        )

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ListOrganizations())
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add an organization.",
            discussion: "'stoker templates push --org NAME' pushes templates into it."
        )

        @Argument(help: "The organization's name.")
        var name: String

        @Option(help: "A name for people to read.")
        var displayName: String?

        @Option(help: "The most builds of it that run at once. Default: no cap.")
        var maxConcurrentBuilds: LimitArgument?

        @Option(help: "The most prebuilds of it. Default: no quota.")
        var prebuildQuota: LimitArgument?

        @OptionGroup var control: ReportOptions

        func run() async throws {
            let operation = AddOrganization(
                name: name,
                displayName: displayName,
                maxConcurrentBuilds: maxConcurrentBuilds?.limit,
                prebuildQuota: prebuildQuota?.limit
            )
            try await control.report(operation) { "Added the organization \($0.name) (\($0.id))." }
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change an organization's cap, quota, or name for people.",
            discussion: "What runs or is ready above a new limit stays; nothing is added until it is below."
        )

        @Argument(help: "The organization's name or id.")
        var name: String

        @Option(help: "A name for people to read.")
        var displayName: String?

        @Option(help: "The most builds of it that run at once; 'none' takes the cap away.")
        var maxConcurrentBuilds: LimitArgument?

        @Option(help: "The most prebuilds of it; 'none' takes the quota away.")
        var prebuildQuota: LimitArgument?

        @OptionGroup var control: ReportOptions

        func validate() throws {
            guard displayName != nil || maxConcurrentBuilds != nil || prebuildQuota != nil else {
                throw ValidationError("Name what to set: --max-concurrent-builds, --prebuild-quota or --display-name.")
            }
        }

        func run() async throws {
            let unset: [OrganizationLimit] = [
                (OrganizationLimit.maxConcurrentBuilds, maxConcurrentBuilds), (.prebuildQuota, prebuildQuota),
            ].filter { $0.1 == LimitArgument.none }.map(\.0)
            let operation = SetOrganization(
                organization: name,
                displayName: displayName,
                maxConcurrentBuilds: maxConcurrentBuilds?.limit,
                prebuildQuota: prebuildQuota?.limit,
                unset: unset.isEmpty ? nil : unset
            )
            try await control.report(operation) { [$0].text }
        }
    }
}

extension Organization: TableRow {
    static let whenNone = "There are no organizations. Add one with 'stoker orgs add NAME'."

    static var columns: [Table.Column<Self>] {
        [
            .init("name") { $0.name + ($0.isDefault ? " (default)" : "") },
            .init("display name") { $0.displayName },
            .init("templates") { "\($0.templates)" },
            .init("running") { "\($0.running)" },
            .init("max concurrent builds") { $0.maxConcurrentBuilds.map { "\($0)" } ?? "none" },
            .init("prebuilds") { "\($0.prebuilds)" },
            .init("prebuild quota") { $0.prebuildQuota.map { "\($0)" } ?? "none" },
            .init("id") { "\($0.id)" },
        ]
    }
}
