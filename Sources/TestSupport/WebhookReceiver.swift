// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Subprocess
package import SystemPackage

/// `Tests/Receivers/receiver.py` as a process: a real server, which checks signatures with the package that receivers
/// use, and misbehaves when the path asks for it (its help lists the paths).
package final class WebhookReceiver: Sendable {
    /// A request as the receiver saw it.
    package struct Request: Decodable, Hashable, Sendable {
        package let method: String
        package let path: String
        /// By name in lower case.
        package let headers: [String: String]
        package let body: String
        /// Whether one of the receiver's secrets signed it.
        package let verified: Bool
        /// What was wrong with the signature.
        package let error: String?
        /// The sender's port: the same for requests over one connection.
        package let clientPort: Int
        /// Seconds since 1970, by the receiver's clock.
        package let receivedAt: Double
        /// The version of HTTP, if the receiver reports it.
        package let version: String?

        private enum CodingKeys: String, CodingKey {
            case method, path, headers, body, verified, error, version
            case clientPort = "client_port"
            case receivedAt = "received_at"
        }
    }

    /// The server's certificate and key, PEM files.
    package struct Identity: Sendable {
        package let certificate: FilePath
        package let key: FilePath

        package init(certificate: FilePath, key: FilePath) {
            self.certificate = certificate
            self.key = key
        }
    }

    package let port: Int
    private let address: String
    private let scheme: String
    private let process: RunningProcess

    private init(port: Int, address: String, scheme: String, process: RunningProcess) {
        self.port = port
        self.address = address
        self.scheme = scheme
        self.process = process
    }

    /// Starts a receiver on a free port; it ends with the value.
    ///
    /// - Parameters:
    ///   - name: Another program of `Tests/Receivers` that tells its port and its requests as `receiver.py` does.
    ///   - options: Options of that program.
    ///
    /// The Python interpreter is that of `STOKER_TEST_PYTHON`, else `python3` of PATH.
    package static func start(
        secrets: [String] = [],
        address: String = "127.0.0.1",
        port: Int = 0,
        identity: Identity? = nil,
        script name: String = "receiver.py",
        options: [String] = []
    ) async throws -> WebhookReceiver {
        var arguments = [script(name).string] + options + ["--address", address, "--port", "\(port)"]
        for secret in secrets { arguments += ["--secret", secret] }
        if let identity { arguments += ["--tls", identity.certificate.string, identity.key.string] }
        let python = python(arguments)
        let process = try await RunningProcess.start(python.executable, python.arguments)
        let line = try await process.line("its port") { $0.text.hasPrefix("{\"port\"") }
        let hello = try JSONDecoder().decode([String: Int].self, from: Data(line.text.utf8))
        return WebhookReceiver(
            port: hello["port"] ?? 0,
            address: address,
            scheme: identity == nil ? "http" : "https",
            process: process
        )
    }

    /// The URL of a path, `/ok` for instance, under the given host name or the receiver's address.
    package func url(_ path: String, host: String? = nil) -> String {
        "\(scheme)://\(host ?? address):\(port)\(path)"
    }

    /// The requests as they come, the earlier ones first.
    package var requests: some AsyncSequence<Request, any Error> {
        process.output.compactMap { try Self.request($0) }
    }

    /// Waits for the first `count` requests, whatever their paths.
    package func requests(_ count: Int) async throws -> [Request] {
        var found: [Request] = []
        if count == 0 { return found }
        for try await request in requests {
            found.append(request)
            if found.count == count { break }
        }
        return found
    }

    /// The requests that have been reported so far.
    package var received: [Request] {
        get throws { try process.lines.compactMap { try Self.request($0) } }
    }

    /// Freezes it, as a hung host: connections are accepted, and nothing answers. ``thaw()`` undoes it.
    package func freeze() { process.send(.suspend) }
    package func thaw() { process.send(.resume) }

    /// Ends the process; the port is refused from then on.
    package func end() async throws { try await process.end() }

    private static func request(_ line: RunningProcess.Line) throws -> Request? {
        guard line.source == .standardOutput, line.text.hasPrefix("{\"method\"") else { return nil }
        return try JSONDecoder().decode(Request.self, from: Data(line.text.utf8))
    }
}

extension WebhookReceiver {
    /// How to call the interpreter that has the packages of `Tests/Receivers/requirements.txt`.
    package static func python(_ arguments: [String]) -> (executable: FilePath, arguments: [String]) {
        guard let chosen = ProcessInfo.processInfo.environment["STOKER_TEST_PYTHON"] else {
            return ("/usr/bin/env", ["python3"] + arguments)
        }
        return (FilePath(chosen), arguments)
    }

    /// A file of `Tests/Receivers`.
    package static func script(_ name: String) -> FilePath {
        FilePath("\(#filePath)").removingLastComponent().appending("../../Tests/Receivers/\(name)")
    }
}
