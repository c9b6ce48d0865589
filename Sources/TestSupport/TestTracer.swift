// SPDX-License-Identifier: Apache-2.0

package import InMemoryTracing
import Tracing

/// What the tests of this process have traced. A process has one tracer, so a test looks for spans by what only it knows.
package enum TestTracer {
    /// Traces from the first use on.
    package static let shared: InMemoryTracer = {
        let tracer = InMemoryTracer()
        InstrumentationSystem.bootstrap(tracer)
        return tracer
    }()

    /// The ended spans of this name with this attribute.
    package static func spans(_ name: String, _ attribute: String, _ value: String) -> [FinishedInMemorySpan] {
        shared.finishedSpans.filter { span in
            span.operationName == name && span.attributes.get(attribute)?.toSpanAttribute() == .string(value)
        }
    }
}
