// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import FoundationEssentials
import HTTPTypes
import Operations
import Store
import Synchronization

/// Performs operations through a server's API.
struct RemoteControl: Control {
    private let base: EndpointURL
    private let token: String
    private let client: HTTPClient

    /// Throws ``CommandError`` for an invalid address, and without a token.
    init(_ server: String, token: String?) throws {
        do {
            base = try EndpointURL(server)
        } catch {
            throw CommandError(.configuration, "the server '\(server)': \(error)")
        }
        guard let token else {
            throw CommandError(
                .configuration,
                "there is no token for \(base.origin)",
                remedy: "Set STOKER_TOKEN or STOKER_TOKEN_FILE; 'stoker tokens add' makes one."
            )
        }
        self.token = token
        // Longer than a claim may wait for a prebuild.
        client = try Composition.client(timeout: .seconds(ClaimWorkspace.longestWait + 100))
        let isLoopback = base.host == "localhost" || base.address?.isLoopback ?? false
        if base.isPlain, !isLoopback {
            try Console.note("warning: the token goes to \(base.origin) without TLS.")
        }
    }

    func close() {
        client.close()
    }

    func perform<Asked: Operation>(_ operation: Asked) async throws -> Asked.Answer {
        let response = try await answered { try await client.send(wire(RemoteRequest(Asked.route, operation))) }
        guard response.status.kind == .successful else {
            throw CommandError.problem(response.status, response.body, from: base)
        }
        let body = response.body.isEmpty ? Data("{}".utf8) : Data(response.body)
        do {
            let answer = try JSONDecoder().decode(Asked.Answer.self, from: body)
            guard var page = answer as? any AnyPage else { return answer }
            page.next = response.headers[.link].flatMap(Self.cursor)
            return page as? Asked.Answer ?? answer
        } catch {
            throw CommandError(
                "the answer of \(base.origin) cannot be read: \(error)",
                remedy: "Check that it is a Stoker server of this release."
            )
        }
    }

    func follow(_ job: JobID, _ line: (StoredLogLine) throws -> Void) async throws -> JobSummary {
        var last: String?
        while true {
            let request = RemoteRequest(FollowLog.route, path: ["job": "\(job)"], cursor: last)
            let (chunks, feed) = AsyncStream.makeStream(of: [UInt8].self)
            let client = client
            let wire = try wire(request) { feed.yield($0) }
            let sending = Task {
                defer { feed.finish() }
                return try await client.send(wire)
            }
            defer { sending.cancel() }
            var reader = EventReader()
            for await chunk in chunks {
                for event in try reader.take(chunk) {
                    let data = Data(event.data.utf8)
                    if event.name == "end" { return try JSONDecoder().decode(JobSummary.self, from: data) }
                    try line(try JSONDecoder().decode(StoredLogLine.self, from: data))
                    last = event.id ?? last
                }
            }
            // The stream ended before the job did: a problem is reported; otherwise the server, or another one behind
            // its name, is asked again.
            let response = try await answered { try await sending.value }
            if response.status != .ok { throw CommandError.problem(response.status, reader.rest, from: base) }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func wire(
        _ request: RemoteRequest,
        onBody: (@Sendable ([UInt8]) -> Void)? = nil
    ) throws -> HTTPClient.Request {
        var text = base.text
        while text.last == "/" { text.removeLast() }
        var wire = HTTPClient.Request(
            try EndpointURL(text + request.target),
            method: request.method,
            headers: try HTTPFields(checking: ["Authorization": "Bearer \(token)"]) + request.headers,
            body: request.body
        )
        wire.onBody = onBody
        return wire
    }

    private func answered(_ body: () async throws -> HTTPClient.Response) async throws -> HTTPClient.Response {
        do {
            return try await body()
        } catch let error as HTTPFailure where error.code != .canceled {
            throw CommandError(
                "the server \(base.origin) does not answer: \(error.message)",
                remedy: "See --server and STOKER_SERVER."
            )
        }
    }

    /// The cursor of a header `Link` with the relation `next`.
    private static func cursor(_ link: String) -> String? {
        guard let start = link.firstRange(of: "cursor=") else { return nil }
        return String(link[start.upperBound...].prefix { $0 != ">" && $0 != "&" })
    }
}
