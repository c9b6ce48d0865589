// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Telemetry
import TestSupport
import Testing

@testable import Server

@Suite(.timeLimit(.minutes(1)))
struct HealthTests {
    private let text = "text/plain; charset=utf-8"

    @Test func `a process that is ready says so`() async throws {
        try await withServer { address async throws in
            #expect(try await ask(address, "/livez") == Answer(status: 200, contentType: text, body: ["ok"]))
            #expect(try await ask(address, "/readyz") == Answer(status: 200, contentType: text, body: ["ready"]))
        }
    }

    @Test func `one that is not gives all its reasons, and lives`() async throws {
        let reasons = ["the database does not answer", "this worker is draining"]
        try await withServer(readiness: { reasons }) { address async throws in
            #expect(
                try await ask(address, "/readyz")
                    == Answer(
                        status: 503,
                        contentType: "application/problem+json",
                        body: [
                            #"{"detail":"the database does not answer; this worker is draining","#
                                + #""reasons":["the database does not answer","this worker is draining"],"#
                                + #""status":503,"title":"Not ready","type":"about:blank"}"#
                        ]
                    )
            )
            #expect(try await ask(address, "/livez").status == 200)
        }
    }

    /// Asks until the answer has this status: one answer is good for a moment.
    private func wait(_ address: HTTPAddress, _ path: String, for status: Int) async throws {
        while try await ask(address, path).status != status { try Task.checkCancellation() }
    }

    @Test func `readiness is asked anew as time goes on`() async throws {
        let state = WatchedState<[String]>(["starting"])
        try await withServer(readiness: { state.current }) { address async throws in
            #expect(try await ask(address, "/readyz").status == 503)
            state.update { $0 = [] }
            try await wait(address, "/readyz", for: 200)
            state.update { $0 = ["the database does not answer"] }
            try await wait(address, "/readyz", for: 503)
        }
    }

    @Test func `whoever asks together is answered by one check`() async {
        let calls = WatchedState(0)
        let isAsked = TestSignal<Void>()
        let answer = TestSignal<[String]>()
        let check = SharedCheck(limit: .seconds(600), freshness: .seconds(600)) {
            calls.update { $0 += 1 }
            isAsked.send()
            return (try? await answer.next()) ?? ["no answer"]
        }
        let asking = (0..<100).map { _ in Task { await check.reasons() } }
        try? await isAsked.next("the check")
        answer.send(["draining"])
        for task in asking { #expect(await task.value == ["draining"]) }
        // Still good, so nobody is asked.
        #expect(await check.reasons() == ["draining"])
        #expect(calls.current == 1)
    }

    @Test func `an old answer is nobody's`() async {
        let calls = WatchedState(0)
        let check = SharedCheck(limit: .seconds(600), freshness: .zero) {
            calls.update { $0 += 1 }
            return ["\(calls.current)"]
        }
        #expect(await check.reasons() == ["1"])
        #expect(await check.reasons() == ["2"])
    }

    @Test func `a process that was ready once has started, whatever comes`() async throws {
        let state = WatchedState<[String]>(["starting"])
        try await withServer(readiness: { state.current }) { address async throws in
            #expect(try await ask(address, "/startupz").status == 503)
            state.update { $0 = [] }
            try await wait(address, "/startupz", for: 200)
            state.update { $0 = ["the database does not answer"] }
            #expect(try await ask(address, "/startupz").status == 200)
            try await wait(address, "/readyz", for: 503)
            #expect(try await ask(address, "/startupz").status == 200)
        }
    }

    @Test func `a check that hangs is given up, and never holds up liveness`() async throws {
        let entered = TestSignal<Void>()
        let check: ReadinessCheck = {
            entered.send()
            do {
                try await Task.sleep(for: .seconds(600))
                return []
            } catch {
                return ["cancelled"]
            }
        }
        try await withServer(readiness: check) { address async throws in
            async let hanging = ask(address, "/readyz")
            try await entered.next("the check")
            #expect(try await ask(address, "/livez").status == 200)
            let answer = try await hanging
            #expect(answer.status == 503)
            #expect(answer.body.first?.contains("the check did not end within 0.9 seconds") == true)
        }
    }

    @Test func `metrics are those of the registry`() async throws {
        let registry = MetricsRegistry()
        MetricCatalogue.buildInfo.gauge("1.2.3", factory: registry).set(1)
        try await withServer(registry: registry) { address async throws in
            let answer = try await ask(address, "/metrics")
            #expect(answer.status == 200 && answer.contentType == "text/plain; version=0.0.4; charset=utf-8")
            #expect(
                answer.body.prefix(3) == [
                    "# HELP stoker_build_info 1, with the version of this binary as a label.",
                    "# TYPE stoker_build_info gauge",
                    #"stoker_build_info{version="1.2.3"} 1"#,
                ]
            )
            // And of the server itself, which has this request in hand.
            #expect(answer.body.suffix(1) == ["stoker_http_requests_in_flight 1"])
        }
    }

    @Test func `the head of a page can be had alone`() async throws {
        try await withServer { address async throws in
            let answer = try await ask(address, "/livez", ["--head", "--output", "/dev/null"])
            #expect(answer == Answer(status: 200, contentType: text, body: []))
        }
    }
}
