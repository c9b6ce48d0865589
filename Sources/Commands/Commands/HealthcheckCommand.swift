// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CurlClient
import HTTPTypes
import Server

/// `stoker healthcheck`
struct HealthcheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Check the health of the worker on this machine.",
        discussion: """
            For health checks of containers, which have no other HTTP client. 'live' asks whether the process still turns, \
            and never the database: a worker must not be restarted because Postgres is away. 'ready' asks whether it can \
            take work. Exits with 1 when the answer is no, or there is none.
            """
    )

    enum Probe: String, CaseIterable, ExpressibleByArgument {
        case live, ready

        var path: String { self == .live ? "/livez" : "/readyz" }
    }

    @Option(help: "The probe: live or ready.")
    var probe = Probe.live

    @Option(name: .customLong("http-address"), help: "Where the worker listens. (STOKER_HTTP_ADDRESS)")
    var httpAddress: String?

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let address = try global.settings([SettingKey[\.httpAddress].name: httpAddress]).httpListener
        let answer = try await Self.ask(Self.reachable(address), probe)
        guard answer.status == .ok else {
            throw CommandError("\(probe.rawValue): no. \(String(decoding: answer.body, as: UTF8.self))")
        }
        try Console.print("\(probe.rawValue): yes")
    }

    /// The address at which a client on this machine reaches a server that listens on `address`.
    static func reachable(_ listening: HTTPAddress) -> HTTPAddress {
        let loopback = ["0.0.0.0": "127.0.0.1", "::": "::1"]
        return HTTPAddress(host: loopback[listening.host] ?? listening.host, port: listening.port)
    }

    private static func ask(_ address: HTTPAddress, _ probe: Probe) async throws -> HTTPClient.Response {
        let client = try Composition.client(timeout: .seconds(3))
        defer { client.close() }
        let url = try EndpointURL("http://\(address)\(probe.path)")
        do {
            return try await client.send(HTTPClient.Request(url, method: .get))
        } catch {
            throw CommandError(
                "\(probe.rawValue): http://\(address) does not answer (\(error))",
                remedy: "Is a worker running there? Its address is http.address."
            )
        }
    }
}
