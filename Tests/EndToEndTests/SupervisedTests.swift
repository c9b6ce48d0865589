// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The built worker under what usually starts workers: a service manager, and a container whose first process it is.
@Suite struct SupervisedTests {
    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `systemd is told of start, life and drain`() async throws {
        let fleet = try await Fleet()
        let socket = try NoticeSocket(in: fleet.directory)
        let worker = try await fleet.worker(
            "told",
            settings: ["NOTIFY_SOCKET": socket.path.string, "WATCHDOG_USEC": "2000000"]
        )
        try await socket.next("READY=1", "STATUS=Runs 0 of 2 jobs")
        for _ in 1...2 { try await socket.next("WATCHDOG=1") }
        worker.send(.terminate)
        try await socket.next("STOPPING=1", "EXTEND_TIMEOUT_USEC=30000000")
        let status = try await worker.exit()
        #expect(status.isSuccess)
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `a health check tells a worker that is well from one that is gone`() async throws {
        let receiver = try await WebhookReceiver.start()
        let fleet = try await Fleet()
        let well = try await fleet.stoker("healthcheck", "--http-address", "127.0.0.1:\(receiver.port)")
        // The receiver answers everything with 404 or 405: something listens, but it is not healthy.
        #expect(well.status == .exited(1))
        let gone = try await fleet.stoker("healthcheck", "--http-address", "127.0.0.1:1")
        #expect(gone.status == .exited(1))
        #expect(gone.standardError.joined().contains("does not answer"))
    }
}

/// Namespaces are not available everywhere.
private let hasNamespaces: Bool = {
    // The check uses them as the tests do.
    let isAllowed = try? String(contentsOfFile: "/proc/sys/user/max_user_namespaces", encoding: .utf8)
    return FileManager.default.isExecutableFile(atPath: "/usr/bin/unshare")
        && (isAllowed.flatMap { Int($0.filter(\.isNumber)) } ?? 0) > 0
}()

extension SupervisedTests {
    /// A worker that is the first process of a namespace, and adopts a child that is not its own.
    private func firstProcess(_ fleet: Fleet) async throws -> RunningProcess {
        let stoker = try BuiltProduct.stoker.string
        // Only root can do without a user namespace; inside one it would lose its access to other users' files.
        let users = geteuid() == 0 ? [] : ["--user", "--map-root-user"]
        return try await fleet.worker(
            "first",
            through: ["/usr/bin/unshare"] + users
                + ["--pid", "--fork", "--kill-child", "--mount-proc", "/bin/sh", "-c", "true & exec \(stoker) worker"]
        )
    }

    /// The children of a process, zombies among them.
    private func children(of process: Int32) throws -> [Int32] {
        try String(contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)
            .split(separator: " ").compactMap { Int32($0) }
    }

    @Test(.enabled(if: hasNamespaces), .database(.currentSchema), .timeLimit(.minutes(2)))
    func `as the first process it reaps orphans, passes signals on, and ends as the worker does`() async throws {
        let unshare = try await firstProcess(Fleet())
        try await unshare.line(containing: "worker started")
        let first = try #require(try children(of: unshare.pid).first)
        let names = try children(of: first).map { try String(contentsOfFile: "/proc/\($0)/comm", encoding: .utf8) }
        // The worker itself, and not the shell that started it.
        #expect(names == ["stoker\n"])
        kill(first, SIGTERM)
        try await unshare.line(containing: "worker stopped")
        let status = try await unshare.exit()
        #expect(status.isSuccess)
    }

    @Test(.enabled(if: hasNamespaces), .database(.currentSchema), .timeLimit(.minutes(2)))
    func `as the first process it tells of a worker that was killed`() async throws {
        let unshare = try await firstProcess(Fleet())
        try await unshare.line(containing: "worker started")
        let first = try #require(try children(of: unshare.pid).first)
        let worker = try #require(try children(of: first).first)
        kill(worker, SIGKILL)
        #expect(try await unshare.exit() == .exited(137))
    }
}
