// SPDX-License-Identifier: Apache-2.0

import Basics
import CurlClient
import Domain
import FoundationEssentials
import HTTPTypes
import Logging
import Operations
import PostgresClient
import Prebuilds
import Provisioning
import Server
import Store
import Templates
import TestSupport
import Testing

/// A server of the API on the test's database, with a user of each role and their tokens.
struct APIRoom {
    let store: Store
    let address: HTTPAddress
    /// By user name: `ada` is a member, `bob` too, `tess` a template admin, `oona` an owner.
    let tokens: [String: String]
    private let client: HTTPClient

    static let people: [(name: String, roles: [Role])] = [
        ("ada", []), ("bob", [.member]), ("tess", [.templateAdmin]), ("oona", [.owner]),
    ]

    /// - Parameters:
    ///   - rate: As `http.request_rate`.
    ///   - tokensPerUser: As `http.tokens_per_user`.
    ///   - own: A token of the process alone.
    ///   - routes: What is served beside the API.
    static func open(
        rate: Int = 0,
        tokensPerUser: Int = 100,
        streams: OpenStreams = OpenStreams(),
        own: (secret: TokenSecret, caller: Caller)? = nil,
        routes: (Store) -> [any RouteSet] = { _ in [] },
        _ body: (APIRoom) async throws -> Void
    ) async throws {
        let url = TestDatabase.current.connectionString
        try await connected(to: url) { store in
            var tokens: [String: String] = [:]
            for person in people {
                _ = try await store.addUser(person.name, roles: person.roles)
                let secret = TokenSecret.random()
                _ = try await store.addToken(
                    "test",
                    for: person.name,
                    hash: secret.hash,
                    scopes: [],
                    validFor: nil
                )
                tokens[person.name] = secret.text
            }
            let context = try context(store, url, tokensPerUser: tokensPerUser)
            let authenticator = Authenticator(store: store, own: own)
            let limiter = RateLimiter(rate: rate)
            let api = APIRoutes(context: context, authenticator: authenticator, limiter: limiter, streams: streams)
            let console = ConsoleRoutes(
                context: context,
                authenticator: authenticator,
                limiter: limiter,
                streams: streams
            )
            var configuration = anywhere
            configuration.timeout = .seconds(60)
            // More than may wait at the server at once.
            configuration.maximumTransfersPerKey = 64
            let client = try HTTPClient(configuration)
            try await withServer(routes: [console] + routes(store), api: api) { address in
                try await body(APIRoom(store: store, address: address, tokens: tokens, client: client))
            }
        }
    }

    /// What operations are performed with, on the database of the URL.
    static func context(_ store: Store, _ url: String, tokensPerUser: Int = 100) throws -> OperationContext {
        OperationContext(
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
            tokensPerUser: tokensPerUser,
            caller: .machine("nobody")
        )
    }

    static func connected(to url: String, _ body: (Store) async throws -> Void) async throws {
        try await PostgresPool.withPool(PostgresConfiguration(url), size: 4, logger: .silent) { pool in
            try await body(Store(pool: pool))
        }
    }

    @discardableResult
    func sql(_ sql: SQL) async throws -> QueryResult {
        try await store.pool.execute(Statement("test", within: .seconds(30), sql))
    }
}

// MARK: - Asking

extension APIRoom {
    private static let anywhere: HTTPClientConfiguration = {
        var configuration = HTTPClientConfiguration()
        if let loopback = try? IPNetwork("127.0.0.0/8") {
            configuration.addressPolicy = AddressPolicy(allowedNetworks: [loopback], allowsPlainHTTP: true)
        }
        configuration.maximumBodySize = 1 << 20
        return configuration
    }()

    /// What the server answered, with a problem taken apart.
    struct Reply {
        let status: Int
        let body: String
        let headers: [String: String]

        /// Of a problem, without its common beginning.
        var problem: String? {
            struct Problem: Decodable { let type: String }
            let type = try? JSONDecoder().decode(Problem.self, from: Data(body.utf8)).type
            return type.map { $0.replacing("urn:stoker:problem:", with: "") }
        }

        func decoded<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
            try JSONDecoder().decode(type, from: Data(body.utf8))
        }
    }

    /// - Parameters:
    ///   - person: Whose token is sent; a text that is nobody's name is sent as it is; `nil`: none.
    ///   - body: Sent as JSON unless the headers say otherwise.
    func ask(
        _ method: HTTPRequest.Method = .get,
        _ path: String,
        as person: String? = "oona",
        body: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> Reply {
        var fields = headers
        if let person { fields["Authorization"] = "Bearer \(tokens[person] ?? person)" }
        if body != nil, fields["Content-Type"] == nil { fields["Content-Type"] = "application/json" }
        return try await send(method, "/api/v1\(path)", fields, body ?? "")
    }

    /// Asks as a browser does.
    ///
    /// - Parameters:
    ///   - session: The session's cookie; `nil`: none.
    ///   - form: The fields of a form, which is sent with POST.
    func browse(
        _ path: String,
        session: String? = nil,
        form: [(name: String, value: String)]? = nil,
        headers: [String: String] = [:]
    ) async throws -> Reply {
        var fields = headers
        if let session { fields["Cookie"] = "other=1; stoker_session=\(session)" }
        guard let form else { return try await send(.get, path, fields, "") }
        fields["Content-Type"] = "application/x-www-form-urlencoded"
        let body = form.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
        return try await send(.post, path, fields, body.joined(separator: "&"))
    }

    private func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ fields: [String: String],
        _ body: String
    ) async throws -> Reply {
        let request = HTTPClient.Request(
            try EndpointURL("http://\(address)\(path)"),
            method: method,
            headers: try HTTPFields(checking: fields),
            body: Array(body.utf8)
        )
        let response = try await client.send(request)
        return Reply(
            status: response.status.code,
            body: String(decoding: response.body, as: UTF8.self),
            headers: Dictionary(response.headers.map { ($0.name.canonicalName, $0.value) }) { first, _ in first }
        )
    }
}

// MARK: - What is there

extension APIRoom {
    /// A template `go-dev` with the preset `us`, whose pool is not kept.
    func addTemplate(_ name: String = "go-dev") async throws -> PresetID {
        try await sql(
            """
            WITH template AS (
                INSERT INTO templates (organization_id, name, created_by, provisioner)
                SELECT id, \(name), \(prebuildsUserID), 'process' FROM organizations WHERE is_default
                RETURNING id, organization_id
            ), version AS (
                INSERT INTO template_versions (template_id, organization_id, name, created_by)
                SELECT id, organization_id, 'v1', \(prebuildsUserID) FROM template RETURNING id, template_id
            )
            INSERT INTO template_version_presets (template_version_id, name, is_default)
            SELECT id, 'us', true FROM version
            """
        )
        try await sql(
            """
            UPDATE templates t SET active_version_id = v.id FROM template_versions v WHERE v.template_id = t.id
            """
        )
        let rows = try await sql("SELECT max(id::text)::uuid FROM template_version_presets")
        return try #require(rows.first).decode(PresetID.self)
    }

    /// A workspace with one build that succeeded, and a line in its log.
    func addWorkspace(_ name: String, owner: String, of preset: PresetID) async throws -> JobID {
        let rows = try await sql(
            """
            WITH workspace AS (
                INSERT INTO workspaces (owner_id, organization_id, template_id, name)
                SELECT u.id, t.organization_id, t.id, \(name) FROM users u, template_version_presets p
                JOIN template_versions v ON v.id = p.template_version_id JOIN templates t ON t.id = v.template_id
                WHERE u.username = \(owner) AND p.id = \(preset) RETURNING id, organization_id, owner_id
            ), job AS (
                INSERT INTO provisioner_jobs (organization_id, initiator_id, started_at, completed_at)
                SELECT organization_id, owner_id, now(), now() FROM workspace RETURNING id
            ), build AS (
                INSERT INTO workspace_builds (workspace_id, template_version_id, build_number, transition, initiator_id,
                    job_id, template_version_preset_id)
                SELECT w.id, p.template_version_id, 1, 'start', w.owner_id, j.id, p.id
                FROM workspace w, job j, template_version_presets p WHERE p.id = \(preset)
            ), line AS (
                INSERT INTO provisioner_job_logs (job_id, level, output) SELECT id, 'info', 'made' FROM job
            )
            SELECT id FROM job
            """
        )
        return try #require(rows.first).decode(JobID.self)
    }
}
