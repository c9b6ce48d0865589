// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Metrics
import Synchronization
import Telemetry

/// Counts requests, and measures the time until an answer begins.
///
/// Routes are named as they are declared, so that unknown paths create no series.
struct RequestMetrics: RouterMiddleware {
    typealias Context = ServerRequestContext

    private static let methods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]

    private let registry: MetricsRegistry
    private let inFlight = RequestsInFlight()

    init(registry: MetricsRegistry) {
        self.registry = registry
        registry.gather("http") { [inFlight] in [GaugeSample(MetricCatalogue.httpInFlight, [], Double(inFlight.count))]
        }
    }

    func handle(
        _ request: Request,
        context: ServerRequestContext,
        next: @concurrent (Request, ServerRequestContext) async throws -> Response
    ) async throws -> Response {
        let began = ContinuousClock.now
        let ticket = inFlight.enter()
        do {
            var response = try await next(request, context)
            record(request, context, response.status, since: began)
            // A stream continues after the handler has returned, and may be dropped before it begins.
            if response.body.contentLength == nil {
                let body = response.body
                response.body = ResponseBody { writer in
                    defer { ticket.release() }
                    try await body.write(writer)
                }
            }
            return response
        } catch {
            record(request, context, .internalServerError, since: began)
            throw error
        }
    }

    private func record(
        _ request: Request,
        _ context: ServerRequestContext,
        _ status: HTTPResponse.Status,
        since began: ContinuousClock.Instant
    ) {
        let route = context.route ?? "none"
        let method = Self.methods.contains(request.method) ? request.method.rawValue : "other"
        MetricCatalogue.httpRequests.counter(route, method, "\(status.code)", factory: registry).increment()
        MetricCatalogue.httpDuration.timer(route, method, factory: registry).record(duration: began.duration(to: .now))
    }
}

/// The number of requests in flight.
private final class RequestsInFlight: Sendable {
    private let state = Atomic(0)

    var count: Int { state.load(ordering: .relaxed) }

    func enter() -> Held {
        state.add(1, ordering: .relaxed)
        return Held { [self] in state.subtract(1, ordering: .relaxed) }
    }
}
