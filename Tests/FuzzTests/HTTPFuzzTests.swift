// SPDX-License-Identifier: Apache-2.0

import CurlClient
import FoundationEssentials
import Logging
import Operations
import PostgresClient
import Prebuilds
import Provisioning
import Server
import ServiceLifecycle
import Store
import Telemetry
import Templates
import TestSupport
import Testing

/// Bytes on connections to the real server, with a database behind it.
@Suite(.serialized, .timeLimit(.minutes(30)), .database(.currentSchema)) struct HTTPFuzzTests {
    /// How long the test waits for more from a silent connection.
    private static let limit = Duration.seconds(30)

    private static let words = [
        "GET ", "POST ", "DELETE ", "HEAD ", "OPTIONS ", "/api/v1/", "templates", "jobs", "claims", "tokens", "users",
        "webhooks",
        "agents/me/ready", "agents/me/reinit", "logs/stream", "/livez", "/readyz", "/metrics", "/", "?limit=1&cursor=",
        "%00",
        "%2e%2e/", "%zz", "%+1", " HTTP/1.1\r\n", " HTTP/1.0\r\n", "Host: a\r\n", "Content-Length: 2\r\n",
        "Transfer-Encoding: chunked\r\n", "Content-Type: application/json\r\n", "Expect: 100-continue\r\n",
        "Connection: close\r\n", "Connection: keep-alive, Upgrade\r\n", "Upgrade: h2c\r\n", "Idempotency-Key: a\r\n",
        "Last-Event-ID: 0\r\n", "\r\n\r\n", "\r\n", "\n", "{}", "{\"name\":", "0\r\n\r\n", "5\r\n",
        "ffffffffffffffff\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http://a", "*", "\u{0}", "\u{1b}",
    ]

    @Test func `whatever is sent, no answer is the server's fault, and it lives`() async throws {
        let url = TestDatabase.current.connectionString
        try await PostgresPool.withPool(PostgresConfiguration(url), size: 4, logger: .silent) { pool in
            let store = Store(pool: pool)
            _ = try await store.addUser("oona", roles: [.owner])
            let secret = TokenSecret.random()
            _ = try await store.addToken("fuzz", for: "oona", hash: secret.hash, scopes: [], validFor: nil)
            try await withServer(store, url) { port in try await feed(port, token: secret.text) }
        }
    }

    private func feed(_ port: Int, token: String) async throws {
        let name = "http"
        // The corpus cannot know the token.
        let corpus = try FuzzRun.corpus(name).map { file, bytes in
            (file, Array(String(decoding: bytes, as: UTF8.self).replacing("TOKEN", with: token).utf8))
        }
        let folder = try FuzzRun.findings()
        func attempt(_ input: [UInt8], _ file: String) async throws {
            try Data(input).write(to: URL(filePath: "\(folder)/\(name).current"))
            let answer = try await RawConnection.answer(to: input, port: port, limit: Self.limit)
            // Bytes that are not HTTP may get no answer; any answer must be HTTP.
            let isAnswer = answer.isEmpty || answer.hasPrefix("HTTP/1.1 ")
            let isFault = answer.ranges(of: "HTTP/1.1 5").count > answer.ranges(of: "HTTP/1.1 503").count
            guard isAnswer, !isFault else {
                let kept = "\(folder)/\(name).\(FuzzRun.seed)-\(file)"
                try Data(input).write(to: URL(filePath: kept))
                throw Broken("\(kept): \(answer.prefix(500))")
            }
        }
        for (file, bytes) in corpus { try await attempt(bytes, URL(filePath: file).lastPathComponent) }
        var mutator = Mutator(seed: FuzzRun.seed, words: Self.words, mostBytes: FuzzRun.inputBytes)
        let end = FuzzRun.seconds.map { ContinuousClock.now + .seconds($0) }
        var count = 0
        while end.map({ ContinuousClock.now < $0 }) ?? (count < FuzzRun.mutations) {
            count += 1
            try await attempt(mutator.mutate(corpus.map(\.1)), "\(count)")
        }
        let alive = "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        #expect(try await RawConnection.answer(to: Array(alive.utf8), port: port).hasPrefix("HTTP/1.1 200 "))
        try FileManager.default.removeItem(atPath: "\(folder)/\(name).current")
    }

    private func withServer(_ store: Store, _ url: String, _ body: (Int) async throws -> Void) async throws {
        let context = OperationContext(
            store: store,
            limits: PlanLimits(
                backoffInterval: .seconds(60),
                backoffLookback: .seconds(3600),
                failureHardLimit: 3,
                maxPendingJobs: 0
            ),
            zones: ZoneDirectory(),
            drainDeadline: .seconds(60),
            addressPolicy: AddressPolicy(),
            codec: try StateCodec(keys: []),
            settings: [],
            watch: JobWatch(PostgresConfiguration(url)),
            tokensPerUser: 100,
            caller: .machine("nobody")
        )
        let hub = ReinitHub(store: store, logger: .silent)
        let listening = TestSignal<HTTPAddress>()
        let server = buildServer(
            configuration: HTTPConfiguration(address: HTTPAddress(host: "127.0.0.1", port: 0)),
            readiness: { [] },
            registry: MetricsRegistry(),
            routes: [
                AgentRoutes(store: store, hub: hub, admission: AgentAdmission(store: store, rate: 0)),
                APIRoutes(
                    context: context,
                    authenticator: Authenticator(store: store),
                    limiter: RateLimiter(rate: 0)
                ),
            ],
            logger: .silent
        ) { listening.send($0) }
        let group = ServiceGroup(services: [server, hub], logger: .silent)
        let running = Task { try await group.run() }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(try await listening.next("the server to listen").port))
        } catch {
            result = .failure(error)
        }
        await group.triggerGracefulShutdown()
        try await running.value
        try result.get()
    }
}

extension Logger {
    static let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
}
