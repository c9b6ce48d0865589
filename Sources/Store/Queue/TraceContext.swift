// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
package import Tracing

/// The trace in which a job was ordered. It travels in the job's row, as the headers that the tracer would send, to whichever worker executes the job.
package enum TraceContext {
    /// That of the current task, as a job's row keeps it; `nil` where nothing is traced.
    static var current: PostgresJSON? {
        let headers = headers
        guard !headers.isEmpty, let json = try? JSONEncoder().encode(headers) else { return nil }
        return PostgresJSON(String(decoding: json, as: UTF8.self))
    }

    /// That of the current task, as the tracer sends it; empty where nothing is traced.
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
        // What another program has written there is no reason not to execute the job.
        guard let headers = try? JSONDecoder().decode([String: String].self, from: Data(json.utf8)) else {
            return context
        }
        InstrumentationSystem.instrument.extract(headers, into: &context, using: Headers())
        return context
    }
}

extension ClaimedJob {
    /// Where its execution belongs in the trace of whoever ordered it.
    package var context: ServiceContext { trace.map(TraceContext.read) ?? .topLevel }
}
