// SPDX-License-Identifier: Apache-2.0

import Server
import Store
import Telemetry
import TestSupport
import Testing

/// What the server counts of the requests that it answers.
@Suite(.timeLimit(.minutes(1))) struct RequestMetricsTests {
    private func lines(_ registry: MetricsRegistry, _ prefix: String) -> [String] {
        registry.text().split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
    }

    @Test func `requests are counted by route and status, and what is no route makes no series of its own`()
        async throws
    {
        let registry = MetricsRegistry()
        try await withServer(readiness: { ["not yet"] }, registry: registry) { address async throws in
            for _ in 0..<2 { #expect(try await ask(address, "/livez").status == 200) }
            #expect(try await ask(address, "/readyz").status == 503)
            for path in ["/nowhere", "/nowhere/else", "/metrics/../x"] {
                #expect(try await ask(address, path).status == 404)
            }
        }
        #expect(
            lines(registry, "stoker_http_requests_total{") == [
                #"stoker_http_requests_total{route="/livez",method="GET",status="200"} 2"#,
                #"stoker_http_requests_total{route="/readyz",method="GET",status="503"} 1"#,
                #"stoker_http_requests_total{route="none",method="GET",status="404"} 3"#,
            ]
        )
        #expect(
            lines(registry, "stoker_http_request_duration_seconds_count") == [
                #"stoker_http_request_duration_seconds_count{route="/livez",method="GET"} 2"#,
                #"stoker_http_request_duration_seconds_count{route="/readyz",method="GET"} 1"#,
                #"stoker_http_request_duration_seconds_count{route="none",method="GET"} 3"#,
            ]
        )
        #expect(lines(registry, "stoker_http_requests_in_flight") == ["stoker_http_requests_in_flight 0"])
        #expect(registry.rejections == [])
    }
}
