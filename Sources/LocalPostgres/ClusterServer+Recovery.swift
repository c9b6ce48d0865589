// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Logging
import SystemPackage

extension ClusterServer {
    /// Removes what a dead server has left: orphaned children, `postmaster.pid`, the socket and its lock file.
    ///
    /// Postgres takes a lock file for valid whenever *some* process of the same user has that pid, which is the rule in
    /// a restarted container. Call this only while no server runs and no other process can start one.
    func clearLeftovers() async throws {
        try await endOrphans()
        for path in [layout.data.appending("postmaster.pid"), layout.socket, layout.socketLock, layout.startLog] {
            guard unlink(path.string) == 0 || errno == ENOENT else {
                throw ClusterDirectories.unusable(path, Errno(rawValue: errno))
            }
        }
    }

    /// Ends children that have outlived their server. They still hold its shared memory, so no new server could start.
    /// Without the server they can do nothing permanent, and recovery restores what was committed.
    private func endOrphans() async throws {
        guard let data = ClusterDirectories.realPath(layout.data) else { return }
        let clock = ContinuousClock()
        let killTime = clock.now + .seconds(2)
        let deadline = clock.now + .seconds(10)
        while true {
            let orphans = ServerProcesses.all(in: data)
            guard !orphans.isEmpty else { return }
            guard clock.now < deadline else {
                throw LocalPostgresError(
                    .busy,
                    "processes of a server that died are still there: \(orphans.map(String.init).joined(separator: ", "))",
                    remedy: "End them; if they hang in the kernel, look at the disk."
                )
            }
            let signal = clock.now < killTime ? SIGQUIT : SIGKILL
            logger.warning("Ending what a dead Postgres server has left", metadata: ["pg.pids": "\(orphans)"])
            // A process that ends meanwhile, and one of another user, are found by the next look.
            for orphan in orphans { kill(orphan, signal) }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
