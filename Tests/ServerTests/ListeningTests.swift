// SPDX-License-Identifier: Apache-2.0

import Server
import ServiceLifecycle
import Telemetry
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ListeningTests {
    @Test(arguments: [
        ("127.0.0.1:8080", HTTPAddress(host: "127.0.0.1", port: 8080)), ("[::1]:0", HTTPAddress(host: "::1", port: 0)),
        ("localhost:65535", HTTPAddress(host: "localhost", port: 65535)), ("localhost:65536", nil), ("localhost", nil),
        (":8080", nil), ("::1:8080", nil), ("[]:1", nil), ("host:", nil), ("host:+1", nil), ("host:８０", nil), ("", nil),
    ])
    func `an address is host and port`(text: String, expected: HTTPAddress?) {
        #expect(HTTPAddress(text) == expected)
        if let expected { #expect(expected.description == text) }
    }

    @Test func `an address in use is an error that says what to do`() async throws {
        try await withServer { address async throws in
            let error = await #expect(throws: ServerError.self) { try await run(address) }
            #expect(
                error
                    == ServerError(
                        .addressInUse,
                        "another process listens on \(address)",
                        remedy: "Stop it (`ss -ltnp 'sport = :\(address.port)'` names it), or set http.address "
                            + "(STOKER_HTTP_ADDRESS) to another port."
                    )
            )
        }
    }

    @Test(arguments: ["203.0.113.7", "stoker.invalid"]) func `an address of another machine is an error`(
        host: String
    ) async throws {
        let error = await #expect(throws: ServerError.self) { try await run(HTTPAddress(host: host, port: 0)) }
        #expect(error?.code == .addressNotAvailable)
    }

    @Test func `the port is free again after the server has been shut down`() async throws {
        let used = TestSignal<HTTPAddress>()
        try await withServer { used.send($0) }
        let address = try await used.next()
        let listening = TestSignal<HTTPAddress>()
        let running = Task { try await run(address) { listening.send($0) } }
        #expect(try await listening.next() == address)
        running.cancel()
        _ = await running.result
    }

    private func run(
        _ address: HTTPAddress,
        listening: @escaping @Sendable (HTTPAddress) async -> Void = { _ in }
    ) async throws {
        let server = buildServer(
            configuration: HTTPConfiguration(address: address),
            readiness: { [] },
            registry: MetricsRegistry(),
            logger: .silent,
            listening: listening
        )
        try await server.run()
    }
}
