// SPDX-License-Identifier: Apache-2.0

import Domain
import InMemoryTracing
import PostgresClient
import Provisioning
import Store
import TestSupport
import Testing
import Tracing
import Webhooks

@testable import Worker

/// The spans that a tracer gets, and that a trace continues in the worker that executes (metrics.md, "Traces").
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct TracingTests {
    @Test func `a build belongs to the pass that ordered it`() async throws {
        let tracer = TestTracer.shared
        try await TestPools.open { pools in
            _ = try await pools.addPreset("us", desired: 1)
            let trace = try await tracer.withSpan("test") { span in
                try await pools.reconcile()
                return span.context.inMemorySpanContext?.traceID
            }
            let worker = try await pools.addWorker(slots: 1)
            let job = try #require(try await pools.store.claimJobs(for: worker, limit: 1, poolLimit: 1).first)
            let executor = Executor(store: pools.store, provisioners: [:], logger: TestPools.logger)
            await executor.execute(
                job,
                control: ExecutionControl(limits: ExecutionLimits(), leaseUntil: .now + .seconds(60))
            )

            let ordered = try #require(
                tracer.finishedSpans.first { $0.operationName == "reconcile" && $0.spanContext.traceID == trace }
            )
            #expect(ordered.attributes.get("stoker.created")?.toSpanAttribute() == .int64(1))
            let built = TestTracer.spans("build", "stoker.job.id", "\(job.id)")
            #expect(built.map(\.spanContext.traceID) == [trace])
            #expect(built.map(\.spanContext.parentSpanID) == [ordered.spanContext.spanID])
            #expect(built.map { $0.attributes.get("stoker.result")?.toSpanAttribute() } == [.string("failed")])
            #expect(built.map(\.status?.code) == [.error])
        }
    }

    @Test func `a delivery is a span, with an error when it fails`() async throws {
        _ = TestTracer.shared
        let receiver = try await WebhookReceiver.start(secrets: [TestPools.secret.encoded])
        try await TestPools.open { pools in
            try await pools.addEndpoint("good", receiver.url("/ok"))
            try await pools.addEndpoint("bad", receiver.url("/status/410"))
            try await pools.emit(1)
            var spans: [String: SpanStatus.Code] = [:]
            try await RunningDeliverer.fleet(of: 1, on: pools.store) { fleet in
                for _ in 0..<2 {
                    let delivery = try await fleet[0].attempts.next("an attempt").delivery
                    let found = TestTracer.spans("deliver", "stoker.delivery.id", "\(delivery.id)")
                    #expect(found.map(\.kind) == [.client])
                    spans[delivery.endpoint.name] = found.first?.status?.code
                }
            }
            #expect(spans == ["bad": .error])
            // The receiver may go on with the trace.
            let traces = try await receiver.requests(2).map { $0.headers["in-memory-trace-id"] }
            #expect(traces.count == 2 && Set(traces).count == 2 && !traces.contains(nil))
        }
    }
}
