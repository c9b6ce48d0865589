// SPDX-License-Identifier: Apache-2.0

package import InMemoryTracing
import Tracing

/// The traces of this test process. A process has one tracer, so each test looks for spans by a value that only it
/// uses.
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
