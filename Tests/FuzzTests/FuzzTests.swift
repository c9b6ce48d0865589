// SPDX-License-Identifier: Apache-2.0

import Testing

/// Readers of foreign bytes get input that no honest peer would write.
@Suite(.serialized, .timeLimit(.minutes(30))) struct FuzzTests {
    @Test(arguments: FuzzTarget.all.map(\.name))
    func `whatever a reader is given, it answers soon and in order`(_ name: String) async throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let begin = ContinuousClock.now
        let count = try await FuzzRun(target: target).run()
        print("fuzz: \(name): \(count) inputs in \(begin.duration(to: .now)), seed \(FuzzRun.seed)")
        #expect(count > FuzzRun.mutations / 4)
    }

    @Test func `what is slow, large, deep or wrong is found, and its input is kept`() async throws {
        let target = FuzzTarget(name: "json", words: ["x"]) { bytes in
            try hold(!bytes.contains(UInt8(ascii: "x")), "it holds an x")
        }
        await #expect(throws: Broken.self) { try await FuzzRun(target: target).run() }
    }
}
