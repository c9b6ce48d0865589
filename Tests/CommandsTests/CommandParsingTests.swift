// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Testing
import Time

@testable import Commands

@Suite struct CommandParsingTests {
    private static func parse<Command: ParsableCommand>(_ line: String, as type: Command.Type) throws -> Command {
        let words = line.split(separator: " ").map(String.init)
        return try #require(try StokerCommand.parseAsRoot(words) as? Command, "\(line)")
    }

    @Test func `a claim takes its parameters`() throws {
        let claim = try Self.parse(
            "claim go-dev --preset us-nix --owner alice --name dev --param region=us --param note=a=b "
                + "--idempotency-key k --wait --output json",
            as: ClaimCommand.self
        )
        #expect(claim.template == "go-dev")
        #expect(claim.preset == "us-nix")
        #expect(claim.parameters == ["region=us", "note=a=b"])
        #expect(claim.idempotencyKey == "k")
        #expect(claim.wait)
        #expect(claim.output.format == .json)
    }

    @Test func `a limit is a number or none`() throws {
        let set = try Self.parse(
            "orgs set lab --max-concurrent-builds NONE --prebuild-quota 0",
            as: OrgsCommand.Set.self
        )
        #expect(set.maxConcurrentBuilds == LimitArgument.none)
        #expect(set.prebuildQuota?.limit == 0)
        for line in [
            "orgs set lab", "orgs set lab --prebuild-quota -1", "orgs set lab --prebuild-quota many", "templates set t",
            "templates push . --tag gpu", "templates push . --tag =x", "users role ada boss", "users role ada",
        ] {
            #expect(throws: (any Error).self, "\(line)") {
                try StokerCommand.parseAsRoot(line.split(separator: " ").map(String.init))
            }
        }
    }

    @Test func `a push names its version, its message and whether it becomes active`() throws {
        let push = try Self.parse(
            "templates push ./go-dev --name v2 --message better --no-activate",
            as: TemplatesCommand.Push.self
        )
        #expect(push.directory == "./go-dev")
        #expect(push.name == "v2")
        #expect(push.message == "better")
        #expect(!push.activate)
        #expect(try Self.parse("templates push .", as: TemplatesCommand.Push.self).activate)
    }

    @Test func `moments and ids are read`() throws {
        let plan = try Self.parse("plan --at 2025-06-02T03:00:00Z", as: PlanCommand.self)
        #expect(plan.at == Instant(iso8601: "2025-06-02T03:00:00Z"))
        let id = "c42fdf75-3097-471c-8c33-fb52454d81c0"
        let logs = try Self.parse("jobs logs \(id) --follow", as: JobsCommand.Logs.self)
        #expect(logs.job.text == id)
        #expect(logs.follow)
    }

    @Test func `flags become settings, and come before everything else`() throws {
        let worker = try Self.parse(
            "worker --name w1 --concurrency 2 --http-address 127.0.0.1:0 --set worker.lease_duration=5s",
            as: WorkerCommand.self
        )
        let settings = try worker.global.settings(worker.options.flags)
        #expect(try settings[\.workerName] == "w1")
        #expect(try settings[\.concurrency] == 2)
        #expect(try settings[\.httpAddress] == "127.0.0.1:0")
        #expect(try settings[\.leaseDuration] == .seconds(5))
    }

    @Test(arguments: [
        "claim", "claim t --owner a --name n --param x", "claim t --owner a --name n --param x=1 --param x=2",
        "jobs logs not-an-id", "plan --at yesterday", "users add a --role king", "bogus", "status --output xml",
        "webhooks add a https://example.com --secret x --generate",
    ])
    func `a command line that makes no sense is a usage error`(line: String) {
        let error = #expect(throws: (any Error).self) {
            _ = try StokerCommand.parseAsRoot(line.split(separator: " ").map(String.init))
        }
        #expect(error.map { StokerCommand.exitCode(for: $0).rawValue } == ExitMeaning.usage.rawValue)
    }

    @Test func `a pass is made now, and whoever wants another time is told who knows it`() throws {
        let error = try #require(throws: (any Error).self) {
            _ = try StokerCommand.parseAsRoot(["reconcile", "--at", "2027-06-02T03:00:00Z"])
        }
        #expect(StokerCommand.exitCode(for: error).rawValue == ExitMeaning.usage.rawValue)
        let message = StokerCommand.message(for: error)
        #expect(message.contains("Unknown option '--at'"))
        #expect(message.contains("stoker plan --at"))
        #expect(!ReconcileCommand.helpMessage(includeHidden: false).contains("--at"))
    }

    /// No operation that writes takes a moment but the end of something that it begins.
    @Test func `no client sets the clock of what writes`() {
        let moments = OperationTable.all.filter { !$0.route.isRead }.flatMap { operation in
            operation.route.fields.filter { if case .instant = $0.kind { true } else { false } }.map {
                "\(operation.name) \($0.name)"
            }
        }
        let ends = ["pausePrebuilds until", "startMaintenance until", "setPool until", "extendWorkspace until"]
        // Which jobs and deliveries are meant.
        let filters = ["cancelJobs", "retryJobs", "replayDeliveries"].flatMap { ["\($0) since", "\($0) until"] }
        #expect(Set(moments) == Set(ends + filters))
    }

    @Test func `every command has a help text`() {
        func check(_ command: any ParsableCommand.Type) {
            #expect(!command.configuration.abstract.isEmpty, "\(command)")
            for child in command.configuration.subcommands { check(child) }
        }
        for group in StokerCommand.configuration.groupedSubcommands {
            for command in group.subcommands { check(command) }
        }
    }
}
