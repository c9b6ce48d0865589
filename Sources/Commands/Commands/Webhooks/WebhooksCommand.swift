// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations
import Store

/// `stoker webhooks`
struct WebhooksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks",
        abstract: "Add, test and manage webhook endpoints.",
        subcommands: [
            Add.self, List.self, Show.self, Test.self, RotateSecret.self, Enable.self, Disable.self, Remove.self,
            Deliveries.self, Replay.self,
        ]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the endpoints.")

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ListEndpoints())
        }
    }

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have a worker send a ping, and show the result; fail unless it succeeded.",
            discussion: "A successful ping enables a disabled endpoint."
        )

        @Argument(help: "The endpoint's name.")
        var name: String

        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let report = try await control.ask(TestEndpoint(endpoint: name))
            let state = report.state
            try output.print(state) {
                $0.sentence(name) + (report.wasDisabled && state.status == .sent ? " It is enabled again." : "")
            }
            guard state.status == .sent else { throw CommandError("the ping to '\(name)' did not arrive") }
        }
    }
}

extension DeliveryState {
    fileprivate func sentence(_ name: String) -> String {
        let code = responseCode.map { " with status \($0)" } ?? ""
        let latency = latencyMilliseconds.map { " after \($0) ms" } ?? ""
        return switch status.known {
        case .sent: "'\(name)' answered\(code)\(latency)."
        case .pending, .leased: "No worker has sent it yet. Does one run? See 'stoker workers list'."
        default: "'\(name)' did not accept it\(code)\(latency) (\(errorClass))\(excerpt.isEmpty ? "." : ": \(excerpt)")"
        }
    }
}
