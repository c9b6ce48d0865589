// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import CurlClient

@Suite struct AdmissionTests {
    private func admitAll(_ admission: inout Admission<String>) -> [String] {
        var admitted: [String] = []
        while let id = admission.admit() { admitted.append(id) }
        return admitted
    }

    @Test func `keys take turns, each in order of arrival, up to the limit of a key`() {
        var admission = Admission<String>(limit: 10, limitPerKey: 2)
        for id in ["a1", "a2", "a3", "b1", "b2", "c1"] { admission.enqueue(id, key: String(id.prefix(1))) }
        #expect(admitAll(&admission) == ["a1", "b1", "c1", "a2", "b2"])
        admission.remove("a1", key: "a")
        #expect(admitAll(&admission) == ["a3"])
    }

    @Test func `no more than the limit run, whatever their keys`() {
        var admission = Admission<String>(limit: 2, limitPerKey: 2)
        for id in ["a1", "b1", "c1"] { admission.enqueue(id, key: id) }
        #expect(admitAll(&admission) == ["a1", "b1"])
        admission.remove("b1", key: "b1")
        #expect(admitAll(&admission) == ["c1"])
    }

    @Test func `one that is removed while it waits is never admitted and costs nobody a place`() {
        var admission = Admission<String>(limit: 1, limitPerKey: 1)
        for id in ["a1", "a2", "a3"] { admission.enqueue(id, key: "a") }
        #expect(admitAll(&admission) == ["a1"])
        admission.remove("a2", key: "a")
        #expect(admitAll(&admission) == [])
        admission.remove("a1", key: "a")
        #expect(admitAll(&admission) == ["a3"])
    }

    @Test func `a random history never exceeds a limit and ends with everyone served`() {
        var generator = SeededGenerator(state: 7)
        for _ in 0..<200 {
            var admission = Admission<Int>(limit: 5, limitPerKey: 2)
            var running: [Int] = []
            var left = Set(0..<50)
            var next = 0
            while !left.isEmpty {
                if next < 50, Bool.random(using: &generator) {
                    admission.enqueue(next, key: "\(next % 7)")
                    next += 1
                }
                while let id = admission.admit() { running.append(id) }
                #expect(running.count <= 5)
                #expect(Dictionary(grouping: running) { $0 % 7 }.values.allSatisfy { $0.count <= 2 })
                if !running.isEmpty, Bool.random(using: &generator) || next == 50 {
                    let id = running.remove(at: Int.random(in: running.indices, using: &generator))
                    admission.remove(id, key: "\(id % 7)")
                    left.remove(id)
                }
            }
        }
    }
}

/// SplitMix64, so that a failure repeats.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
