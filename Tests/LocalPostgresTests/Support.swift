// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Logging
import Subprocess
import SystemPackage
import TestSupport

@testable import LocalPostgres

let fast = ["fsync": "off", "logging_collector": "off"]

extension Logger {
    static let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
}

extension TestArea {
    /// A cluster that does not exist yet, in a directory of its own.
    static func cluster(settings: [String: String] = [:]) async throws -> LocalCluster {
        LocalCluster(
            dataDirectory: try await shared.makeDirectory("cluster"),
            settings: fast.merging(settings) { $1 },
            logger: .silent
        )
    }
}

extension LocalCluster {
    /// Waits until no process of the cluster is left.
    func noProcesses() async throws {
        while !processes.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
    }
}

/// The user that the server runs as, when that is not this process's.
var serverUser: UInt32? {
    get throws {
        let account = try ServerAccount.forThisProcess()
        return account.userID == geteuid() ? nil : account.userID
    }
}

enum PsqlAnswer: Equatable {
    case said(String)
    case failed(String)
}

func program(_ name: String) async throws -> FilePath {
    try await ServerInstallation.find().program(name)
}

func psql(_ connectionString: String, _ statements: String) async throws -> PsqlAnswer {
    let outcome = try await RunningProcess.outcome(of: program("psql"), ["-AtX", connectionString, "-c", statements])
    guard outcome.status == .exited(0) else { return .failed(outcome.standardError.joined(separator: "\n")) }
    return .said(outcome.standardOutput.joined(separator: "\n"))
}

func text(of path: FilePath) throws -> String {
    guard let bytes = FileManager.default.contents(atPath: path.string) else { throw Errno(rawValue: errno) }
    return String(decoding: bytes, as: UTF8.self)
}

func write(_ text: String, to path: FilePath) throws {
    let file = try FileDescriptor.open(path, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
    _ = try file.closeAfter { try file.writeAll(text.utf8) }
}
