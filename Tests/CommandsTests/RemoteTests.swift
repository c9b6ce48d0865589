// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CurlClient
import Domain
import FoundationEssentials
import HTTPTypes
import Operations
import Store
import Testing

@testable import Commands

/// Operations as requests, and answers as errors.
@Suite struct RemoteTests {
    private static func request<Asked: Operation>(_ operation: Asked) throws -> RemoteRequest {
        try RemoteRequest(Asked.route, operation)
    }

    @Test func `each field stands where its route has it`() throws {
        let delete = try Self.request(DeleteWorkspace(workspace: "a b/c", owner: "zoë"))
        #expect(delete.method == .delete)
        #expect(delete.target == "/api/v1/workspaces/a%20b%2Fc?owner=zo%C3%AB")
        #expect(delete.body == [])

        let claim = try Self.request(
            ClaimWorkspace(
                ClaimRequest(
                    template: "go-dev",
                    owner: "ada",
                    name: "dev",
                    parameters: ["a": "b"],
                    idempotencyKey: "key"
                )
            )
        )
        #expect(claim.method == .post)
        #expect(claim.target == "/api/v1/claims")
        #expect(
            claim.headers == [.idempotencyKey: "key", .contentType: "application/json"]
        )
        #expect(
            String(decoding: claim.body, as: UTF8.self)
                == #"{"name":"dev","owner":"ada","parameters":{"a":"b"},"template":"go-dev"}"#
        )

        let push = try Self.request(PushTemplate(archive: Data([0, 255, 10]), name: "v 2", activate: false))
        #expect(push.target == "/api/v1/templates?name=v%202&activate=false")
        #expect(push.headers == [.contentType: "application/x-tar"])
        #expect(push.body == [0, 255, 10])

        let tagged = try Self.request(
            PushTemplate(archive: Data([1]), tags: ["gpu": "a&b"], organization: "lab")
        )
        #expect(
            tagged.target == "/api/v1/templates?tags=%7B%22gpu%22%3A%22a%26b%22%7D&organization=lab"
        )

        let list = try Self.request(ListJobs(filter: JobFilter(status: .failed), limit: 7))
        #expect(list.target == "/api/v1/jobs?status=failed&limit=7")
        let resume = try Self.request(ResumePrebuilds())
        #expect(String(decoding: resume.body, as: UTF8.self) == "{}")
    }

    @Test func `events are read however they are cut`() throws {
        let text = ":\n\nid: 7\ndata: {\"a\":1}\n\n: beat\n\nevent: end\ndata: x\ndata: y\n\nid: 8"
        let expected = [
            EventReader.Event(id: "7", data: "{\"a\":1}"), EventReader.Event(name: "end", data: "x\ny"),
        ]
        for size in [1, 2, 3, 7, 100] {
            var reader = EventReader()
            var events: [EventReader.Event] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                events += try reader.take(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(events == expected, "\(size)")
            #expect(String(decoding: reader.rest, as: UTF8.self) == "id: 8")
        }
    }

    @Test func `a problem is told in the server's words, with the exit code of the same refusal here`() throws {
        let server = try EndpointURL("https://stoker.example")
        func error(_ status: Int, _ body: String) -> CommandError {
            CommandError.problem(HTTPResponse.Status(code: status), Array(body.utf8), from: server)
        }
        let taken = error(
            409,
            #"{"title": "t", "status": 409, "detail": "The name is taken", "remedy": "Choose another."}"#
        )
        #expect(taken == CommandError(.refused, "The name is taken", remedy: "Choose another."))
        #expect(error(429, #"{"title": "Too many requests"}"#) == CommandError(.failure, "Too many requests"))
        #expect(error(500, #"{"title": "Internal"}"#).status == .failure)
        #expect(error(422, #"{"title": "t", "errors": ["a", "b"]}"#).message == "a\nb")
        #expect(error(502, "<html>").description.hasPrefix("https://stoker.example:443 answered with status 502"))
    }

    @Test func `a server takes a token`() throws {
        let error = #expect(throws: CommandError.self) {
            try RemoteControl("https://stoker.example/?q=1", token: nil)
        }
        #expect(error?.status == .configuration)
        #expect(error?.description.contains("STOKER_TOKEN_FILE") == true)
        #expect(
            #expect(throws: CommandError.self) { try RemoteControl("stoker", token: "t") }?.status == .configuration
        )
    }

    @Test func `a server and a database are not named at once`() {
        for line in ["status --server https://a.example --database-url postgresql:///b", "tokens add a --scope raed"] {
            let error = #expect(throws: (any Error).self) {
                _ = try StokerCommand.parseAsRoot(line.split(separator: " ").map(String.init))
            }
            #expect(error.map { StokerCommand.exitCode(for: $0).rawValue } == ExitMeaning.usage.rawValue)
        }
    }
}
