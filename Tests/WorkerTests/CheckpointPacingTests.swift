// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Worker

@Suite struct CheckpointPacingTests {
    private let start = ContinuousClock.now

    @Test func `a build's first states are written at once, and a flood of them is slowed down`() {
        let pacing = CheckpointPacing(at: start)
        let state = 1 << 20
        let first = (0..<128).map { _ in pacing.wait(for: state, at: start) }
        #expect(first.allSatisfy { $0 == .zero })
        #expect(pacing.wait(for: state, at: start) == .milliseconds(250))
        #expect(pacing.wait(for: state, at: start + .milliseconds(500)) == .zero)
        // Never longer than the end of a build may wait.
        #expect(pacing.wait(for: 512 << 20, at: start + .seconds(1)) == CheckpointPacing.longestWait)
    }

    @Test func `rest fills it again, and not beyond its size`() {
        let pacing = CheckpointPacing(at: start)
        #expect(pacing.wait(for: CheckpointPacing.burst, at: start) == .zero)
        #expect(pacing.wait(for: CheckpointPacing.burst, at: start + .seconds(3_600)) == .zero)
        #expect(pacing.wait(for: 1 << 20, at: start + .seconds(3_600)) > .zero)
    }
}
