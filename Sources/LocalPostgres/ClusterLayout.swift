// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import Glibc
import SystemPackage

/// Where the files of a cluster are.
struct ClusterLayout: Hashable, Sendable {
    /// `<data directory>/postgres`. Everything is below it, except a socket directory whose path would be too long.
    let root: FilePath
    let socketDirectory: FilePath

    var data: FilePath { root.appending("data") }
    /// The directory in which initdb works. It is renamed to `data` at the end, so that a half-made cluster is never
    /// used.
    var unfinishedData: FilePath { root.appending("data.unfinished") }
    var logs: FilePath { root.appending("log") }
    /// The server's output before its log collector runs.
    var startLog: FilePath { logs.appending("start.log") }
    /// The superuser's password, as libpq reads it ("The Password File").
    var passwordFile: FilePath { root.appending("pgpass") }
    /// The server's authentication rules (pg_hba.conf).
    var clientAuthentication: FilePath { data.appending("stoker_hba.conf") }
    /// The lock file of the process that starts or stops the cluster.
    var lock: FilePath { root.appending("lock") }
    var settings: FilePath { data.appending("stoker.conf") }
    var socket: FilePath { socketDirectory.appending(".s.PGSQL.\(Self.port)") }
    var socketLock: FilePath { socketDirectory.appending(".s.PGSQL.\(Self.port).lock") }

    /// Part of the socket's name only: the server listens on no network.
    static let port = 5432
    /// `sockaddr_un.sun_path` holds 108 bytes, the last of them zero (unix(7)).
    static let longestSocketPath = 107

    /// - Parameter dataDirectory: An absolute path with symbolic links resolved.
    init(dataDirectory: FilePath, temporaryDirectory: FilePath, userID: UInt32) {
        root = dataDirectory.appending("postgres")
        let beside = root.appending("socket")
        if beside.appending(".s.PGSQL.\(Self.port).lock").string.utf8.count <= Self.longestSocketPath {
            socketDirectory = beside
        } else {
            // The same directory at every start, so that a running cluster can be found again.
            let name = "stoker-\(userID)-\(String(Self.fingerprint(root.string), radix: 36))"
            socketDirectory = temporaryDirectory.appending(name)
        }
    }

    /// The URL under which libpq reaches the server as its superuser, over the unix socket.
    ///
    /// - Parameter passwordFile: Named in the URL, so that the URL itself is no secret; `nil`: connections are trusted.
    static func connectionString(socketDirectory: FilePath, port: Int, passwordFile: FilePath? = nil) -> String {
        let host = PercentEncoding.encode(socketDirectory.string)
        let port = port == Self.port ? "" : "&port=\(port)"
        let password = passwordFile.map { "&passfile=\(PercentEncoding.encode($0.string))" } ?? ""
        return "postgresql:///\(LocalCluster.database)?host=\(host)&user=\(LocalCluster.superuser)\(port)\(password)"
    }

    /// FNV-1a, 64 bits: short, and the same in every process.
    private static func fingerprint(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
