// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Store
import Time

extension WorkspacesCommand {
    /// The workspace of an order, and whether to wait for its end.
    struct OrderOptions: ParsableArguments {
        @Argument(help: "Its name or id.")
        var workspace: String

        @Option(help: "Its owner, if several workspaces have the name.")
        var owner: String?

        @Flag(help: "Wait until the build has ended; fail if it fails.")
        var wait = false

        /// Performs the order, and waits for its build.
        func perform(_ order: some Operation<OrderedBuild>, with options: ControlOptions) async throws -> OrderedBuild {
            try await options.withControl { control in
                let ordered = try await control.perform(order)
                if wait { _ = try await control.waitForEnd(of: ordered.jobID) }
                return ordered
            }
        }

        /// What is said about the order.
        ///
        /// - Parameter done: The beginning of the sentence when the build has succeeded.
        func text(_ done: String) -> (OrderedBuild) -> String {
            { ordered in
                wait
                    ? "\(done) \(ordered.workspaceName)." : "Ordered; see 'stoker jobs logs \(ordered.jobID) --follow'."
            }
        }
    }

    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start a workspace that is stopped, or whose start has failed.",
            discussion: "A dormant workspace wakes. While another build of it is under way the command fails."
        )

        @OptionGroup var order: OrderOptions
        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let operation = StartWorkspace(workspace: order.workspace, owner: order.owner)
            try output.print(try await order.perform(operation, with: control), table: order.text("Started"))
        }
    }

    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop a workspace.",
            discussion: """
                The template's module or program is run with the transition 'stop' and decides what remains. The \
                workspace's lifetime goes on. While another build of it is under way the command fails.
                """
        )

        @OptionGroup var order: OrderOptions
        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let operation = StopWorkspace(workspace: order.workspace, owner: order.owner)
            try output.print(try await order.perform(operation, with: control), table: order.text("Stopped"))
        }
    }

    struct Restart: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop a workspace, and start it again.",
            discussion: "These are two builds. If the stop fails, nothing is started."
        )

        @OptionGroup var order: OrderOptions
        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let operation = RestartWorkspace(workspace: order.workspace, owner: order.owner)
            let ordered = try await order.perform(operation, with: control)
            if order.wait {
                try await control.withControl { control in
                    // The end of the stop has ordered the start, in the same transaction.
                    let details = try await control.perform(ShowWorkspace(workspace: "\(ordered.workspaceID)"))
                    if let start = details.workspace.jobID { _ = try await control.waitForEnd(of: start) }
                }
            }
            try output.print(ordered, table: order.text("Restarted"))
        }
    }

    struct Extend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move the end of a workspace.",
            discussion: """
                Give one of --by, --ttl and --until. The template's maximum lifetime, counted from the claim, holds for \
                extensions too.
                """
        )

        @Argument(help: "Its name or id.")
        var workspace: String

        @Option(help: "Its owner, if several workspaces have the name.")
        var owner: String?

        @Option(help: ArgumentHelp("How much longer than planned, such as 2h.", valueName: "duration"))
        var by: DurationArgument?

        @Option(help: ArgumentHelp("How long from now, such as 8h.", valueName: "duration"))
        var ttl: DurationArgument?

        @Option(help: "The new end, such as 2025-06-02T03:00:00Z.")
        var until: Instant?

        @OptionGroup var control: ReportOptions

        func validate() throws {
            let given = [by != nil, ttl != nil, until != nil].count { $0 }
            guard given == 1 else { throw ValidationError("Give exactly one of --by, --ttl and --until.") }
        }

        func run() async throws {
            let operation = ExtendWorkspace(
                workspace: workspace,
                owner: owner,
                by: by?.seconds,
                ttl: ttl?.seconds,
                until: until
            )
            try await control.report(operation) {
                "\($0.name) ends at \($0.expiresAt.map { Shown.time($0) } ?? "no time")."
            }
        }
    }
}
