// SPDX-License-Identifier: Apache-2.0

import CurlClient
import FoundationEssentials
import HTTPTypes
import Operations
import Server
import Store
import Subprocess
import TestSupport
import Testing
import Yams

/// The description of the API says what is served, and nothing else.
@Suite(.timeLimit(.minutes(2)))
struct DescriptionTests {
    private struct Described: Decodable {
        struct Parameter: Decodable {
            let name: String?
            let `in`: String?
            let required: Bool?
        }

        struct Object: Decodable {
            let properties: [String: Node]?
            let required: [String]?
        }

        struct Media: Decodable { let schema: Object }

        struct Body: Decodable { let content: [String: Media]? }

        struct Node: Decodable {}

        struct Asked: Decodable {
            let operationId: String
            let parameters: [Parameter]?
            let requestBody: Body?
            let responses: [String: Node]
            let description: String?
            let security: [[String: [String]]]?
        }

        struct Path: Decodable {
            let get: Asked?
            let post: Asked?
            let delete: Asked?
        }

        struct Components: Decodable { let schemas: [String: Schema] }

        struct Schema: Decodable { let `enum`: [String]? }

        let openapi: String
        let paths: [String: Path]
        let components: Components
    }

    private let described: Described

    init() throws {
        described = try YAMLDecoder().decode(Described.self, from: APIDescription.yaml)
    }

    /// A route in one line: method, path, name, status, and its fields with their places.
    private static func line(_ name: String, _ route: Route) -> String {
        let fields = route.fields.filter { $0.place != .content }.map { field in
            let place =
                switch route.place(of: field) {
                case .path: "path \(field.name)"
                case .query: "query \(field.name)"
                case .body: "body \(field.name)"
                case .header(let name): "header \(name.rawName)"
                case .content: ""
                }
            return place + (field.isRequired ? "!" : "")
        }
        return [
            route.method.rawValue, route.path, name, "\(route.status.code)",
            fields.sorted().joined(separator: ", "),
        ].joined(separator: " ")
    }

    private func lines() -> [String] {
        described.paths.flatMap { path, entry in
            [("GET", entry.get), ("POST", entry.post), ("DELETE", entry.delete)].compactMap { method, asked in
                asked.map { line(method, path, $0) }
            }
        }.sorted()
    }

    private func line(_ method: String, _ path: String, _ asked: Described.Asked) -> String {
        var fields = (asked.parameters ?? []).map {
            "\($0.in ?? "?") \($0.name ?? "?")" + ($0.required == true ? "!" : "")
        }
        if let object = asked.requestBody?.content?["application/json"]?.schema {
            fields += (object.properties ?? [:]).keys.map { name in
                "body \(name)" + (object.required?.contains(name) == true ? "!" : "")
            }
        }
        let statuses = asked.responses.keys.filter { $0 != "default" }.joined(separator: ",")
        return [method, path, asked.operationId, statuses, fields.sorted().joined(separator: ", ")]
            .joined(separator: " ")
    }

    @Test func `every route is described with its fields, and nothing else is`() {
        #expect(described.openapi == "3.1.0")
        let served = OperationTable.routes.map(Self.line)
        #expect(lines() == served.sorted())
    }

    @Test func `each route names whose token it takes`() {
        var schemes: [String: [[String: [String]]]] = [:]
        for entry in described.paths.values {
            for asked in [entry.get, entry.post, entry.delete].compactMap(\.self) {
                schemes[asked.operationId] = asked.security
            }
        }
        // The others take what the whole document names: a user's.
        let agent = [["agent": [String]()]]
        let expected = [
            "describe": [], "reportAgent": agent, "reportActivity": agent, "awaitClaim": agent, "agentManifest": agent,
        ]
        #expect(schemes == expected)
    }

    @Test func `the role that each route takes is said`() {
        for (name, route) in OperationTable.routes {
            guard case .users(let role, _) = route.access else { continue }
            let entry = described.paths[route.path]
            let asked = [HTTPRequest.Method.get: entry?.get, .post: entry?.post, .delete: entry?.delete][route.method]
            let expected = role == .member ? "For every role" : "For `\(role.rawValue)`"
            #expect(asked??.description?.hasPrefix(expected) == true, "\(name): \(expected)")
        }
    }

    @Test func `roles and scopes are those that there are`() {
        #expect(described.components.schemas["Role"]?.enum == Role.allCases.map(\.rawValue))
        #expect(described.components.schemas["Scope"]?.enum == ScopeSet.known)
    }

    @Test(.database(.currentSchema)) func `it is served to everybody`() async throws {
        try await APIRoom.open { room async throws in
            let reply = try await room.ask(.get, "/openapi.yaml", as: nil)
            #expect(reply.status == 200)
            #expect(reply.headers["content-type"] == "application/yaml")
            #expect(reply.body == APIDescription.yaml)
        }
    }

    /// Schemathesis makes requests of the description, good ones and bad ones, and judges the answers by it: statuses,
    /// media types, schemas, no error of the server's, nothing bad accepted, nothing good refused.
    @Test(.database(.currentSchema), .enabled(if: Schemathesis.isInstalled, "schemathesis is not installed"))
    func `schemathesis has nothing to say`() async throws {
        // It revokes what tokens it finds, so it has one that is in no list.
        let secret = TokenSecret.random()
        let agents = { (store: Store) in
            [
                AgentRoutes(
                    store: store,
                    hub: ReinitHub(store: store, logger: .silent),
                    admission: AgentAdmission(store: store, rate: 0)
                )
            ] as [any RouteSet]
        }
        try await APIRoom.open(own: (secret, .machine("schemathesis")), routes: agents) { room async throws in
            let preset = try await room.addTemplate()
            _ = try await room.addWorkspace("hers", owner: "ada", of: preset)
            let outcome = try await Schemathesis.run(
                url: "http://\(room.address)/api/v1/openapi.yaml",
                token: secret.text
            )
            #expect(outcome.status.isSuccess, "\(outcome.standardOutput.joined(separator: "\n"))")
        }
    }
}
