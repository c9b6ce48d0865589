// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import PostgresClient
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// How workers stop and resume, with the built binary: signals, `stoker workers drain` and `resume`.
@Suite(.timeLimit(.minutes(3))) struct DrainTests {
    /// A pool of one. Its prebuild is ready once a file exists. When it is interrupted, it writes a second file, but a
    /// stubborn one continues; a third file has its pid.
    private static func patient(_ fleet: Fleet, isStubborn: Bool) throws -> (template: String, file: FilePath) {
        let file = fleet.directory.appending("go-on")
        let template = try fleet.template(
            "patient",
            [
                "stoker.yaml": """
                name: patient
                provisioner: process
                executable: provision
                presets:
                  - name: one
                    prebuilds: { instances: 1 }
                """,
                "provision": """
                #!/bin/sh
                [ "$1" = start ] || exit 0
                echo $$ >'\(file).pid'
                trap ': >\(file).interrupted; \(isStubborn ? ":" : "exit 1")' INT
                : >'\(file).ready'
                while ! [ -e '\(file)' ]; do sleep 0.1; done
                echo '{"type":"result"}'
                """,
            ]
        )
        guard chmod(template.appending("provision").string, 0o755) == 0 else { throw Errno(rawValue: errno) }
        return (template.string, file)
    }

    /// A worker with a build in hand that waits for its file.
    private func withBusyWorker(
        isStubborn: Bool = false,
        _ body: (Fleet, DatabaseWatch, RunningProcess, FilePath) async throws -> Void
    ) async throws {
        let fleet = try await Fleet()
        try await DatabaseWatch.on(fleet.database) { watch in
            let worker = try await fleet.worker("one")
            let (template, file) = try Self.patient(fleet, isStubborn: isStubborn)
            try await fleet.run("templates", "push", template)
            try await watch.until("the build to run", Self.builds("running"), is: 1)
            _ = try await watch.until("its program to run") { Self.exists("\(file).ready") ? true : nil }
            try await body(fleet, watch, worker, file)
        }
    }

    private static func builds(_ status: String) -> SQL {
        "SELECT count(*) FROM provisioner_jobs WHERE type = 'workspace_build' AND job_status::text = \(status)"
    }

    private static let draining: SQL = "SELECT count(*) FROM workers WHERE state = 'draining'"

    private static let handedOver: SQL = """
        SELECT concat_ws(' ', job_status, attempt, refresh_first, worker_id IS NULL) FROM provisioner_jobs
        WHERE type = 'workspace_build'
        """

    @Test(.database(.currentSchema), arguments: [[Signal.terminate, .terminate], [.interrupt]])
    func `a second signal, or SIGINT, hands the build over at once, and the process ends well`(signals: [Signal])
        async throws
    {
        try await withBusyWorker { _, watch, worker, file in
            for (number, signal) in signals.enumerated() {
                worker.send(signal)
                guard number + 1 < signals.count else { break }
                try await watch.until("the drain", Self.draining, is: 1)
                #expect(try await watch.number(Self.builds("running")) == 1)
                #expect(!Self.exists("\(file).interrupted"))
            }
            #expect(try await worker.exit(within: .seconds(30)) == .exited(0))
            #expect(Self.exists("\(file).interrupted"))
            #expect(try await watch.column(Self.handedOver) == ["pending 0 t t"])
        }
    }

    @Test(.database(.currentSchema))
    func `a third signal kills a build that does not heed the second, and the process ends with an error`() async throws
    {
        try await withBusyWorker(isStubborn: true) { _, watch, worker, file in
            worker.send(.terminate)
            try await watch.until("the drain", Self.draining, is: 1)
            worker.send(.terminate)
            _ = try await watch.until("the interrupt") { Self.exists("\(file).interrupted") ? true : nil }
            let pid = try #require(try Self.pid("\(file).pid"))
            #expect(kill(pid, 0) == 0)
            // It would have two minutes to obey.
            worker.send(.terminate)
            #expect(try await worker.exit(within: .seconds(30)) == .exited(1))
            #expect(worker.lines.contains { $0.text.contains("stopped by a third signal") })
            _ = try await watch.until("the end of the build") { kill(pid, 0) != 0 ? true : nil }
            #expect(try await watch.column(Self.handedOver) == ["pending 0 t t"])
        }
    }

    @Test(.database(.currentSchema))
    func `a worker drained by command hands over at its deadline, stays up, and works again when resumed`() async throws
    {
        try await withBusyWorker { fleet, watch, worker, file in
            try await fleet.run("workers", "drain", "one", "--deadline", "1s", "--wait")
            #expect(try await watch.column("SELECT state::text FROM workers") == ["drained"])
            #expect(try await watch.number("SELECT count(*) FROM provisioner_jobs WHERE job_status = 'pending'") == 1)

            let second = try await fleet.worker("two")
            try await watch.until(
                "the other worker to go on",
                """
                SELECT count(*) FROM provisioner_jobs j JOIN workers w ON w.id = j.worker_id
                WHERE w.name = 'two' AND j.job_status = 'running'
                """,
                is: 1
            )
            try await Self.touch(file)
            try await watch.until("the build to end", Self.builds("succeeded"), is: 1)

            second.send(.terminate)
            #expect(try await second.exit(within: .seconds(30)) == .exited(0))
            try await fleet.run("workers", "resume", "one")
            _ = try await watch.store.pool.execute(
                Statement("test", "UPDATE template_version_presets SET desired_instances = 2")
            )
            try await watch.until("the resumed worker to fill the pool", Self.builds("succeeded"), is: 2)
            worker.send(.terminate)
            #expect(try await worker.exit(within: .seconds(30)) == .exited(0))
        }
    }

    @Test(.database(.currentSchema))
    func `nothing is begun during maintenance, what runs finishes, and all goes on when it ends`() async throws {
        try await withBusyWorker { fleet, watch, worker, file in
            async let waiting: Void = fleet.run("maintenance", "start", "--reason", "new disks", "--wait")
            try await watch.until("the maintenance", "SELECT count(*) FROM settings WHERE key = 'maintenance'", is: 1)
            _ = try await watch.store.pool.execute(
                Statement("test", "UPDATE template_version_presets SET desired_instances = 2")
            )
            try await Self.touch(file)
            try await waiting
            #expect(try await watch.number("SELECT count(*) FROM provisioner_jobs WHERE completed_at IS NULL") == 0)
            let status = try await fleet.stoker("maintenance", "status")
            #expect(status.standardOutput.joined().contains("new disks"))
            #expect(try await watch.number("SELECT count(*) FROM workspaces") == 1)
            let soon = try await watch.column(
                """
                SELECT to_char(now() AT TIME ZONE 'UTC' + interval '2 seconds', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                """
            )
            try await fleet.run("maintenance", "start", "--until", try #require(soon.first))
            try await watch.until("the second prebuild", Self.builds("succeeded"), is: 2)
            worker.send(.terminate)
            #expect(try await worker.exit(within: .seconds(30)) == .exited(0))
        }
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func pid(_ path: String) throws -> pid_t? {
        pid_t(try String(contentsOfFile: path, encoding: .utf8).prefix { $0.isNumber })
    }

    private static func touch(_ file: FilePath) async throws {
        _ = try await RunningProcess.outcome(of: "/usr/bin/touch", [file.string])
    }
}
