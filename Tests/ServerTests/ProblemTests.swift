// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging
import Server
import SystemPackage
import Telemetry
import Testing

private struct Failing: RouteSet {
    struct Secret: Error {
        let password = "hunter2"
    }

    func add(to router: Router<ServerRequestContext>) {
        router.get("/problem") { _, _ -> String in
            throw Problem(
                .conflict,
                type: "/problems/name-taken",
                title: "Name taken",
                detail: "A workspace 'a' exists.",
                members: ["name": .string("a"), "count": .integer(2), "status": .string("not to be overwritten")]
            )
        }
        router.get("/secret") { _, _ -> String in throw Secret() }
        router.get("/teapot") { _, _ -> String in
            throw HTTPError(.unauthorized, headers: [.wwwAuthenticate: "Bearer"], message: "A token is needed.")
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ProblemTests {
    private let type = "application/problem+json"

    @Test func `a thrown problem is the answer, with its members`() async throws {
        try await withServer(routes: [Failing()]) { address async throws in
            #expect(
                try await ask(address, "/problem")
                    == Answer(
                        status: 409,
                        contentType: type,
                        body: [
                            #"{"count":2,"detail":"A workspace 'a' exists.","name":"a","status":409,"#
                                + #""title":"Name taken","type":"/problems/name-taken"}"#
                        ]
                    )
            )
        }
    }

    @Test func `an unknown path is a problem too`() async throws {
        try await withServer { address async throws in
            #expect(
                try await ask(address, "/nowhere")
                    == Answer(
                        status: 404,
                        contentType: type,
                        body: [#"{"status":404,"title":"Not Found","type":"about:blank"}"#]
                    )
            )
        }
    }

    @Test func `an error of ours is told to the log, not to the client`() async throws {
        let pipe = try FileDescriptor.pipe()
        let sink = LogSink(pipe.writeEnd)
        let logger = Logger(label: "test", factory: { LineLogHandler(label: $0, format: .text, sink: sink) })
        try await withServer(routes: [Failing()], logger: logger) { address async throws in
            let answer = try await ask(address, "/secret")
            #expect(answer.status == 500)
            #expect(answer.contentType == type)
            let body = try #require(answer.body.first)
            #expect(!body.contains("hunter2") && !body.contains("Secret"))
            #expect(body.contains(#""request_id":""#))
        }
        sink.flush()
        try pipe.writeEnd.close()
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = try bytes.withUnsafeMutableBytes { try pipe.readEnd.read(into: $0) }
        try pipe.readEnd.close()
        let lines = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
        let line = try #require(lines.first { $0.contains(" A request failed ") })
        #expect(line.contains("hunter2") && line.contains("http.path=/secret") && line.contains("hb.request.id="))
    }

    @Test func `a logger that keeps no metadata does no harm`() async throws {
        try await withServer(routes: [Failing()], logger: .silent) { address async throws in
            #expect(
                try await ask(address, "/secret").body == [
                    #"{"detail":"The server's log says more under this request's id.","status":500,"#
                        + #""title":"Internal Server Error","type":"about:blank"}"#
                ]
            )
        }
    }

    @Test func `the headers of an HTTP error are kept`() async throws {
        try await withServer(routes: [Failing()]) { address async throws in
            let answer = try await ask(address, "/teapot", ["--include"])
            #expect(answer.status == 401)
            #expect(answer.contentType == type)
            #expect(answer.body.contains { $0.lowercased() == "www-authenticate: bearer" })
            #expect(
                answer.body.last
                    == #"{"detail":"A token is needed.","status":401,"title":"Unauthorized","type":"about:blank"}"#
            )
        }
    }
}
