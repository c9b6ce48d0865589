// SPDX-License-Identifier: Apache-2.0

import Testing
import Time

@testable import Prebuilds

/// Traces are foreign text.
@Suite struct TraceTextTests {
    private static func read(_ text: String) throws(TraceError) -> Trace { try Trace(csv: text.utf8) }

    private static func error(_ text: String) -> String {
        do throws(TraceError) {
            _ = try read(text)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func `counts are bins up to the next line`() throws {
        let trace = try Self.read("timestamp,value\r\n2025-06-02 00:00:00,4.0\r\n2025-06-02 00:05:00,8\r\n\r\n")
        #expect(trace.hasCounts)
        #expect(trace.width == .seconds(300))
        #expect(trace.points.map(\.count) == [4, 8])
        #expect(trace.end - trace.start == .seconds(600))
        #expect(trace.arrivals(seed: 1).count == 12)
        #expect(abs(trace.scaled(toClaimsPerHour: 60).total - 10) < 1e-9)
        #expect(abs(trace.rate(at: trace.start + .seconds(301)) - 8.0 / 300) < 1e-12)
    }

    @Test func `single claims are as they are, in any order`() throws {
        let trace = try Self.read("2025-06-02T02:00:00+02:00\n2025-06-01T00:00:00Z\n")
        #expect(!trace.hasCounts)
        #expect(trace.arrivals(seed: 9).map { "\($0)" } == ["2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z"])
    }

    @Test func `what is wrong is told with its line`() {
        #expect(Self.error("") == "no line of it is a time")
        #expect(Self.error("time\n") == "no line of it is a time")
        #expect(
            Self.error("2025-06-02T00:00:00Z,1\nnoon,2") == "line 2: 'noon' is not a time such as 2025-06-02T03:00:00Z"
        )
        #expect(Self.error("2025-13-02T00:00:00Z,1").hasPrefix("line 1: '2025-13-02T00:00:00Z' is not a time"))
        #expect(Self.error("a\nb\n").hasPrefix("line 2: 'b' is not a time"))
        for count in ["-1", "nan", "inf", "x", "", "1e12"] {
            #expect(
                Self.error("2025-06-02T00:00:00Z,\(count)") == "line 1: '\(count)' is not a count from 0 to 1000000000"
            )
        }
        #expect(Self.error("2025-06-02T00:00:00Z,1\n2025-06-02T00:05:00Z") == "line 2: the count is missing")
        #expect(
            Self.error("2025-06-02T00:00:00Z\n2025-06-02T00:05:00Z,3")
                == "line 2: a count, and the lines before have none"
        )
        #expect(Self.error("2025-06-02T00:00:00Z,1,2") == "line 1: 3 fields; a line is 'instant' or 'instant,count'")
        #expect(Self.error("2025-06-02T00:00:00Z\n2035-06-02T00:00:00Z").hasPrefix("longer than five years"))
        #expect(Self.error(String(repeating: "x", count: 5_000)) == "line 1: longer than 4096 bytes")
    }
}
