// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Server
import TestSupport
import Testing

/// What connections may carry, byte by byte.
@Suite(.timeLimit(.minutes(1))) struct ConnectionTests {
    private static let get = "GET /livez HTTP/1.1\r\n"
    private static let post = "POST /livez HTTP/1.1\r\nHost: a\r\n"

    /// Requests that a proxy in front could read in another way than the server.
    private static let ambiguous = [
        "\(get)\r\n",
        "\(get)Host: a\r\nHost: a\r\n\r\n",
        "\(get)Host: a\r\nhOST: b\r\n\r\n",
        "\(get)Host: a, b\r\n\r\n",
        "\(get)Host: a b\r\n\r\n",
        "\(get)Host: user@a\r\n\r\n",
        "\(get)Host: a/livez\r\n\r\n",
        "\(get)Host : a\r\n\r\n",
        "\(get) Host: a\r\n\r\n",
        "\(get)Host: a\r\nX: 1\r\n 2\r\n\r\n",
        "GET /livez HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /livez HTTP/1.2\r\nHost: a\r\n\r\n",
        "GET /livez HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET /livez\r\n\r\n",
        "\(post)Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "\(post)Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "\(post)Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "\(post)Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "\(post)Content-Length: 5, 5\r\n\r\nhello",
        "\(post)Content-Length: +5\r\n\r\nhello",
        "\(post)Content-Length: -1\r\n\r\n",
        "\(post)Content-Length: 0x5\r\n\r\nhello",
        "\(post)Content-Length:\r\n\r\n",
        "\(post)Content-Length: 99999999999999999999\r\n\r\n",
        "\(post)Transfer-Encoding: gzip\r\n\r\n",
        "\(post)Transfer-Encoding: identity\r\n\r\n",
        "\(post)Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "\(post)Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "\(post)Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "\(post)Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST /livez HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ]

    @Test func `a request that can be read in two ways is refused, and so is all that comes behind it`() async throws {
        try await withServer { address async throws in
            for request in Self.ambiguous {
                // What is smuggled would be answered, too.
                let smuggled = request + "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
                for text in [request, smuggled] {
                    let answer = try await RawConnection.answer(to: Array(text.utf8), port: address.port)
                    #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(text.debugDescription): \(answer)")
                    #expect(answer.ranges(of: "HTTP/1.1 ").count == 1, "\(text.debugDescription): \(answer)")
                }
            }
        }
    }

    @Test(.database(.currentSchema)) func `a body that is not what was said of it is the client's fault`() async throws
    {
        try await APIRoom.open { room async throws in
            let head = """
                POST /api/v1/users HTTP/1.1\r
                Host: a\r
                Authorization: Bearer \(room.tokens["oona"] ?? "")\r
                Content-Type: application/json\r

                """
            for rest in [
                "Content-Length: 20\r\n\r\n{}", "Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
                "Transfer-Encoding: chunked\r\n\r\nz",
            ] {
                let request = Array((head + rest).utf8)
                let answer = try await RawConnection.answer(to: request, port: room.address.port)
                #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(rest.debugDescription): \(answer)")
            }
        }
    }

    @Test func `behind a chunk that is none nothing is a request`() async throws {
        try await withServer { address async throws in
            let request = "\(Self.post)Transfer-Encoding: chunked\r\n\r\nz\r\n" + Self.get + "Host: a\r\n\r\n"
            let answer = try await RawConnection.answer(to: Array(request.utf8), port: address.port)
            #expect(!answer.contains("HTTP/1.1 200 "), "\(answer)")
        }
    }

    @Test func `what comes before it on the connection is answered first`() async throws {
        try await withServer { address async throws in
            let requests = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /livez HTTP/1.1\r\n\r\n"
            let answer = try await RawConnection.answer(to: Array(requests.utf8), port: address.port, finishing: false)
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.ranges(of: "HTTP/1.1 400 ").count == 1)
        }
    }

    @Test(arguments: [
        "GET /livez HTTP/1.0\r\n\r\n",
        "GET /livez HTTP/1.0\r\nHost: a\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost:\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
        "GET /livez HTTP/1.1\r\nhost: a.example:80\r\nContent-Length: 0\r\n\r\n",
        "GET http://a/livez HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ])
    func `what has one meaning is answered`(_ request: String) async throws {
        try await withServer { address async throws in
            let answer = try await RawConnection.answer(to: Array(request.utf8), port: address.port)
            #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
        }
    }

    /// Answers with how many handlers its own connection has.
    private struct HandlerCount: RouteSet {
        func add(to router: Router<ServerRequestContext>) {
            router.get("/handlers") { _, context in
                let pipeline = context.channel.pipeline
                let lines = try await context.channel.eventLoop.submit { pipeline.debugDescription }.get()
                return "handlers: \(lines.split(separator: "\n").count)."
            }
        }
    }

    @Test(.database(.currentSchema))
    func `a connection has no more to carry after many requests that wait than before them`() async throws {
        try await APIRoom.open(routes: { _ in [HandlerCount()] }) { room async throws in
            let job = try await room.addWorkspace("dev", owner: "ada", of: room.addTemplate())
            let connection = try RawConnection(port: room.address.port)
            func ask(_ path: String) async throws -> String {
                let request = """
                    GET \(path) HTTP/1.1\r
                    Host: a\r
                    Authorization: Bearer \(room.tokens["ada"] ?? "")\r
                    \r

                    """
                await connection.send(Array(request.utf8))
                // A log ends with an empty chunk, the count with a stop.
                let answer = try await connection.read {
                    $0.suffix(5).elementsEqual("0\r\n\r\n".utf8) || $0.last == 0x2e
                }
                return String(decoding: answer, as: UTF8.self)
            }
            let before = try await ask("/handlers")
            #expect(before.contains("handlers: "))
            for _ in 0..<100 {
                let log = try await ask("/api/v1/jobs/\(job)/logs/stream")
                #expect(log.hasPrefix("HTTP/1.1 200 ") && log.contains("event: end"))
            }
            let after = try await ask("/handlers")
            #expect(after.split(separator: "\r\n").last == before.split(separator: "\r\n").last)
        }
    }
}
