// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
package import Tracing

/// The trace context of a job. It is stored in the job's row, as the headers that the tracer would send, and continues
/// in the worker that executes the job.
package enum TraceContext {
    /// The context of the current task as a job's row stores it; `nil` without a trace.
    static var current: PostgresJSON? {
        let headers = headers
        guard !headers.isEmpty, let json = try? JSONEncoder().encode(headers) else { return nil }
        return PostgresJSON(String(decoding: json, as: UTF8.self))
    }

    /// The context of the current task as the tracer sends it; empty without a trace.
    package static var headers: [String: String] {
        guard let context = ServiceContext.current else { return [:] }
        var headers: [String: String] = [:]
        InstrumentationSystem.instrument.inject(context, into: &headers, using: Headers())
        return headers
    }

    private struct Headers: Injector, Extractor {
        func inject(_ value: String, forKey key: String, into headers: inout [String: String]) { headers[key] = value }
        func extract(key: String, from headers: [String: String]) -> String? { headers[key] }
    }

    fileprivate static func read(_ json: String) -> ServiceContext {
        var context = ServiceContext.topLevel
        // Unreadable content must not prevent the job's execution.
        guard let headers = try? JSONDecoder().decode([String: String].self, from: Data(json.utf8)) else {
            return context
        }
        InstrumentationSystem.instrument.extract(headers, into: &context, using: Headers())
        return context
    }
}

extension ClaimedJob {
    /// The context of the transaction that enqueued it.
    package var context: ServiceContext { trace.map(TraceContext.read) ?? .topLevel }
}
