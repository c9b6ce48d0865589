// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `stoker`: the root of all commands.
struct StokerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stoker",
        abstract: "Keeps pools of prebuilt workspaces, so that a new one is ready at once.",
        discussion: """
            Begin with 'stoker up': it starts everything on this machine and says what to try next.

            Exit codes: 0 done; 1 it failed; 2 it was refused and nothing was changed, as for a name that does not exist or \
            is taken; 64 the command line makes no sense; 78 the configuration makes no sense.
            """,
        version: BuildInfo.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Run",
                subcommands: [UpCommand.self, WorkerCommand.self, MigrateCommand.self, DoctorCommand.self]
            ),
            CommandGroup(
                name: "Pools",
                subcommands: [
                    TemplatesCommand.self, PlanCommand.self, ReconcileCommand.self, PresetsCommand.self,
                    PrebuildsCommand.self, PoolsCommand.self, DecisionsCommand.self, ScheduleCommand.self,
                ]
            ),
            CommandGroup(
                name: "Workspaces",
                subcommands: [
                    ClaimCommand.self, WorkspacesCommand.self, UsersCommand.self, TokensCommand.self, OrgsCommand.self,
                ]
            ),
            CommandGroup(
                name: "Operate",
                subcommands: [
                    StatusCommand.self, JobsCommand.self, WorkersCommand.self, MaintenanceCommand.self,
                    WebhooksCommand.self, AuditCommand.self, HealthcheckCommand.self, BenchCommand.self,
                ]
            ),
            CommandGroup(
                name: "Look up",
                subcommands: [ConfigCommand.self, SchemaCommand.self, CompletionsCommand.self]
            ),
        ]
    )
}
