// SPDX-License-Identifier: Apache-2.0

import CurlClient
import FoundationEssentials
import Glibc
import HTTPTypes
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Answers of receivers to the real client.
@Suite(.serialized, .timeLimit(.minutes(30))) struct WebhookFuzzTests {
    private static let words = [
        "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.0 204\r\n", "HTTP/2 200\r\n",
        "HTTP/0.9 200\r\n",
        "HTTP/1.1 301 x\r\nLocation: http://169.254.169.254/\r\n", "Content-Length: 5\r\n", "Content-Length: -1\r\n",
        "Content-Length: 99999999999999999999\r\n", "Transfer-Encoding: chunked\r\n", "Content-Encoding: gzip\r\n",
        "Connection: close\r\n", "Retry-After: 99999999999\r\n", "Set-Cookie: a=b\r\n", ": x\r\n", "\r\n\r\n", "\r\n",
        "\n", "\u{0}",
        "0\r\n\r\n", "5\r\nhello\r\n", "ffffffffffffffff\r\n", "hello", "X: ", "HTTP/1.1 999999 x\r\n",
        "HTTP/1.1 -1 x\r\n",
    ]

    @Test func `whatever a receiver answers, the client tells soon, keeps little, and goes on`() async throws {
        let name = "webhook"
        let folder = try FuzzRun.findings()
        let corpus = try FuzzRun.corpus(name)
        let receiver = try RawReceiver()
        var configuration = HTTPClientConfiguration()
        configuration.addressPolicy = AddressPolicy(
            allowedNetworks: [try IPNetwork("127.0.0.0/8")],
            allowsPlainHTTP: true
        )
        configuration.timeout = .seconds(10)
        let client = try HTTPClient(configuration)
        defer { client.close() }
        let url = try EndpointURL("http://127.0.0.1:\(receiver.port)/")
        func attempt(_ answer: [UInt8], _ file: String) async throws {
            try Data(answer).write(to: URL(filePath: "\(folder)/\(name).current"))
            receiver.answer.withLock { $0 = answer }
            let begin = ContinuousClock.now
            var broken: String?
            do throws(HTTPFailure) {
                let response = try await client.send(HTTPClient.Request(url, body: Array("{}".utf8)))
                let headers = response.headers.reduce(0) { $0 + $1.name.rawName.utf8.count + $1.value.utf8.count }
                if response.body.count > configuration.maximumBodySize {
                    broken = "a body of \(response.body.count) bytes"
                }
                if headers > configuration.maximumHeaderSize * 3 { broken = "headers of \(headers) bytes" }
                if !(0...999).contains(response.status.code) { broken = "the status \(response.status.code)" }
            } catch {
                // The receiver closes the connection at once, so there is nothing to wait for.
                if error.code == .timeout || error.code == .local || error.message.isEmpty { broken = "\(error)" }
            }
            if ContinuousClock.now - begin > configuration.timeout + .seconds(5) { broken = "it took too long" }
            guard let broken else { return }
            let kept = "\(folder)/\(name).\(FuzzRun.seed)-\(file)"
            try Data(answer).write(to: URL(filePath: kept))
            throw Broken("\(kept): \(broken)")
        }
        for (file, bytes) in corpus { try await attempt(bytes, URL(filePath: file).lastPathComponent) }
        var mutator = Mutator(seed: FuzzRun.seed, words: Self.words, mostBytes: FuzzRun.inputBytes)
        let end = FuzzRun.seconds.map { ContinuousClock.now + .seconds($0) }
        var count = 0
        while end.map({ ContinuousClock.now < $0 }) ?? (count < FuzzRun.mutations) {
            count += 1
            try await attempt(mutator.mutate(corpus.map(\.bytes)), "\(count)")
        }
        receiver.answer.withLock { $0 = Array("HTTP/1.1 204 No Content\r\n\r\n".utf8) }
        #expect(try await client.send(HTTPClient.Request(url, body: Array("{}".utf8))).status == 204)
        try FileManager.default.removeItem(atPath: "\(folder)/\(name).current")
    }
}

/// Reads the beginning of a request, sends its answer byte for byte, and closes the connection.
private final class RawReceiver: Sendable {
    let port: Int
    let answer = Mutex<[UInt8]>([])
    private let descriptor: Int32

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        descriptor = listener
        guard listener >= 0 else { throw Errno(rawValue: errno) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, "127.0.0.1", &name.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutableBytes(of: &name) { bytes in
            let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            return bind(listener, address, length) == 0 && listen(listener, 16) == 0
                && getsockname(listener, address, &length) == 0
        }
        guard isListening else { throw Errno(rawValue: errno) }
        port = Int(in_port_t(bigEndian: name.sin_port))
        Thread.detach { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                guard let bytes = self?.answer.withLock({ $0 }) else { return }
                Self.serve(connection, bytes)
            }
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    private static func serve(_ connection: Int32, _ answer: [UInt8]) {
        defer { close(connection) }
        var timeout = timeval(tv_sec: 2, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(connection, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
        }
        var request = [UInt8](repeating: 0, count: 4096)
        _ = recv(connection, &request, request.count, 0)
        var rest = answer[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
        // The connection is not reset, so the sent bytes arrive before its end.
        shutdown(connection, Int32(SHUT_WR))
        while recv(connection, &request, request.count, 0) > 0 {}
    }
}

/// A thread for blocking calls, for as long as the test runs.
private enum Thread {
    static func detach(_ body: @escaping @Sendable () -> Void) {
        Task.detached { _ = try? await FuzzRun.onSmallStack { body() } }
    }
}
