// SPDX-License-Identifier: Apache-2.0

import Subprocess
import SystemPackage
import TestSupport

/// A separate host as far as the network is concerned: a namespace, connected to this machine by one link. Both vanish
/// with its last process.
struct NetworkHost: Sendable {
    /// This machine's address, seen from that host.
    static let gateway = "10.77.83.1"

    private let holder: RunningProcess
    private var link: String { "stoker\(holder.pid)" }

    static var isPermitted: Bool {
        get async {
            (try? await run("unshare", "--net", "ip", "link", "add", "a", "type", "veth", "peer", "name", "b")) != nil
        }
    }

    init() async throws {
        holder = try await RunningProcess.start(
            "/usr/bin/env",
            ["unshare", "--net", "sh", "-c", "echo up; exec sleep 600"]
        )
        try await holder.line(containing: "up")
        try await Self.run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", "\(holder.pid)")
        try await Self.run("ip", "address", "add", "\(Self.gateway)/30", "dev", link)
        try await setLink("up")
        try await Self.run(launcher + ["ip", "address", "add", "10.77.83.2/30", "dev", "eth0"])
        for name in ["lo", "eth0"] { try await Self.run(launcher + ["ip", "link", "set", name, "up"]) }
    }

    /// The command line that runs the following command on that host.
    var launcher: [String] { ["/usr/bin/nsenter", "--net=/proc/\(holder.pid)/ns/net"] }

    func setLink(_ state: String) async throws {
        try await Self.run("ip", "link", "set", link, state)
    }

    private static func run(_ command: String...) async throws {
        try await run(command)
    }

    private static func run(_ command: [String]) async throws {
        let outcome = try await RunningProcess.outcome(of: "/usr/bin/env", command)
        guard outcome.status.isSuccess else { throw Fleet.CommandFailed(arguments: command, outcome: outcome) }
    }
}
