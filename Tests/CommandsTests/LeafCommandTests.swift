// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import HTTPTypes
import Operations
import SystemPackage
import TestSupport
import Testing

@testable import Commands

/// Whatever a command does can be asked of a server, unless it is about this machine or this database.
@Suite(.timeLimit(.minutes(1))) struct LeafCommandTests {
    /// The commands without subcommands, by their words.
    private static func leaves(
        of command: any ParsableCommand.Type = StokerCommand.self,
        _ path: [String] = []
    ) -> [String: any ParsableCommand.Type] {
        let children = command.configuration.subcommands
        guard !children.isEmpty else { return [path.joined(separator: " "): command] }
        return children.reduce(into: [:]) { found, child in
            found.merge(leaves(of: child, path + [child._commandName])) { first, _ in first }
        }
    }

    private static let id = "7b0c1a52-6a0e-4f0e-9d4b-0d7a2f6a3a11"

    /// Command lines of every command that a server can carry out, with the first operation that each asks for.
    private static let remote: [String: (arguments: [String], operation: String)] = [
        "audit list": ([], "listAudit"),
        "claim": (["t", "--owner", "ada", "--name", "dev"], "claimWorkspace"),
        "jobs cancel": ([id], "cancelJob"),
        "jobs list": ([], "listJobs"),
        "jobs logs": ([id], "readLog"),
        "jobs retry": ([id], "retryJob"),
        "jobs show": ([id], "showJob"),
        "maintenance start": ([], "startMaintenance"),
        "maintenance status": ([], "showMaintenance"),
        "maintenance stop": ([], "stopMaintenance"),
        "orgs add": (["lab"], "addOrganization"),
        "orgs list": ([], "listOrganizations"),
        "orgs set": (["lab", "--prebuild-quota", "3"], "setOrganization"),
        "plan": ([], "makePlan"),
        "decisions": (["t/p"], "listDecisions"),
        "pools history": (["t/p"], "showPoolHistory"),
        "pools list": ([], "listPools"),
        "pools reset": (["t/p"], "resetPool"),
        "pools set": (["t/p", "--instances", "3"], "setPool"),
        "pools show": (["t/p"], "showPool"),
        "pools simulate": (["t/p"], "readDemand"),
        "prebuilds list": ([], "listPrebuilds"),
        "prebuilds pause": ([], "pausePrebuilds"),
        "prebuilds resume": ([], "resumePrebuilds"),
        "presets invalidate": (["t"], "invalidatePresets"),
        "presets list": ([], "listPresets"),
        "presets reset": (["t"], "resetPresets"),
        "reconcile": ([], "reconcile"),
        "rollouts list": ([], "listRollouts"),
        "rollouts pause": (["t"], "pauseRollout"),
        "rollouts resume": (["t"], "resumeRollout"),
        "rollouts rollback": (["t"], "rollBackRollout"),
        "rollouts show": (["t"], "showRollout"),
        "schedule preview": ([], "previewSchedules"),
        "status": ([], "showStatus"),
        "templates delete": (["t"], "deleteTemplate"),
        "templates deprecate": (["t"], "deprecateTemplate"),
        "templates list": ([], "listTemplates"),
        "templates promote": (["t", "v"], "promoteTemplateVersion"),
        "templates push": ([example], "pushTemplate"),
        "templates set": (["t", "--max-concurrent-builds", "none"], "setTemplate"),
        "templates versions": (["t"], "listTemplateVersions"),
        "tokens add": (["laptop"], "addToken"),
        "tokens list": ([], "listTokens"),
        "tokens revoke": ([id], "revokeToken"),
        "users add": (["ada"], "addUser"),
        "users disable": (["ada"], "disableUser"),
        "users enable": (["ada"], "enableUser"),
        "users list": ([], "listUsers"),
        "users remove": (["ada"], "removeUser"),
        "users role": (["ada", "owner"], "setUserRoles"),
        "webhooks add": (["hook", "https://example.com"], "addEndpoint"),
        "webhooks deliveries": ([], "listDeliveries"),
        "webhooks disable": (["hook"], "disableEndpoint"),
        "webhooks enable": (["hook"], "enableEndpoint"),
        "webhooks list": ([], "listEndpoints"),
        "webhooks remove": (["hook"], "removeEndpoint"),
        "webhooks replay": ([id], "replayDeliveries"),
        "webhooks rotate-secret": (["hook"], "rotateEndpointSecret"),
        "webhooks show": (["hook"], "showEndpoint"),
        "webhooks test": (["hook"], "testEndpoint"),
        "workers drain": (["one"], "drainWorkers"),
        "workers list": ([], "listWorkers"),
        "workers resume": (["one"], "resumeWorkers"),
        "workspaces delete": (["dev"], "deleteWorkspace"),
        "workspaces extend": (["dev", "--by", "2h"], "extendWorkspace"),
        "workspaces list": ([], "listWorkspaces"),
        "workspaces restart": (["dev"], "restartWorkspace"),
        "workspaces show": (["dev"], "showWorkspace"),
        "workspaces start": (["dev"], "startWorkspace"),
        "workspaces stop": (["dev"], "stopWorkspace"),
        "workspaces update": (["dev"], "showWorkspaceUpdate"),
    ]

    /// What is local by nature, and why.
    private static let local = [
        "bench build": "measures this machine with databases of its own",
        "bench claim": "measures this machine with databases of its own",
        "bench client": "measures this machine with databases of its own",
        "bench queue": "measures this machine with databases of its own",
        "bench reconcile": "measures this machine with databases of its own",
        "bench scale": "measures this machine with databases of its own",
        "bench webhooks": "measures this machine with databases of its own",
        "bench worker": "measures this machine with databases of its own",
        "completions install": "writes a file for a shell of this machine",
        "completions print": "prints a document, and asks nobody",
        "config default": "prints a file, and asks nobody",
        "config document": "prints a file, and asks nobody",
        "config print": "shows this machine's settings; a server's own are its route 'listSettings'",
        "doctor": "examines this machine and its way to the database",
        "healthcheck": "asks this machine's worker over HTTP whether it is ready",
        "migrate": "changes the database, with credentials that no server should have",
        "schedule explain": "computes, and asks nobody; for programs there is the route 'explainSchedule'",
        "schema api": "prints a document, and asks nobody",
        "schema events": "prints a document, and asks nobody",
        "schema metrics": "prints a document, and asks nobody",
        "schema template": "prints a document, and asks nobody",
        "templates check": "reads a directory of this machine, and asks nobody",
        "templates init": "writes a directory of this machine",
        "up": "runs a process",
        "worker": "runs a process",
    ]

    /// Operations that no command asks for first.
    private static let others = [
        "cancelJobs": "asked for by 'jobs cancel' with a filter instead of an id",
        "claimWorkspaces": "asked for by 'claim --count'",
        "deleteWorkspaces": "asked for by 'workspaces delete --selector'",
        "explainRefill": "asked for by 'claim --wait-for-refill' while it waits",
        "explainSchedule": "for programs; the command computes by itself",
        "listClaims": "for programs and the console; 'workspaces list' and 'workspaces show' tell what came of claims",
        "listSettings": "for programs; the command shows this machine's",
        "retryJobs": "asked for by 'jobs retry' with a filter instead of an id",
        "revealOutputs": "asked for by 'workspaces show --reveal' after the workspace",
        "showClaim": "asked for by 'claim --wait' when its build has ended",
        "updateWorkspace": "asked for by 'workspaces update' after what it would replace",
    ]

    private static var example: String {
        FilePath("\(#filePath)").removingLastComponent().appending("../../Config/templates/process-local").string
    }

    @Test func `every command can be asked of a server, or says why not`() {
        let leaves = Self.leaves()
        #expect(leaves.keys.sorted() == (Array(Self.remote.keys) + Array(Self.local.keys)).sorted())
        for (name, command) in leaves {
            let takesServer = Mirror(reflecting: command.init()).children.contains { $0.label == "_control" }
            #expect(takesServer == (Self.remote[name] != nil), "\(name)")
        }
        let asked = Set(Self.remote.values.map(\.operation)).union(Self.others.keys)
        #expect(asked == Set(OperationTable.all.map(\.name)))
    }

    @Test func `with a server, each command asks it for its operation`() async throws {
        let server = try await WebhookReceiver.start(script: "recorder.py")
        let routes = Dictionary(uniqueKeysWithValues: OperationTable.all.map { ($0.name, $0.route) })
        for (name, line) in Self.remote.sorted(by: { $0.key < $1.key }) {
            let before = try server.received.count
            let words = name.split(separator: " ").map(String.init) + line.arguments
            var command = try #require(
                try StokerCommand.parseAsRoot(words + ["--server", server.url(""), "--token", "t"])
                    as? any AsyncParsableCommand
            )
            let error = await #expect(throws: CommandError.self, "\(name)") { try await command.run() }
            #expect(error == CommandError(.refused, "Recorded"), "\(name)")
            let request = try #require(try await server.requests(before + 1).last)
            let route = try #require(routes[line.operation])
            let path = request.path.prefix { $0 != "?" }.split(separator: "/").dropFirst(2)
            let pattern = route.path.split(separator: "/")
            #expect(request.method == route.method.rawValue, "\(name)")
            #expect(
                path.count == pattern.count && zip(path, pattern).allSatisfy { $1.hasPrefix("{") || $0 == $1 },
                "\(name): \(request.path) is not \(route.path)"
            )
            #expect(request.headers["authorization"] == "Bearer t")
        }
        try await server.end()
    }
}
