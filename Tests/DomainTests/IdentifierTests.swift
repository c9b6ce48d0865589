// SPDX-License-Identifier: Apache-2.0

import Domain
import Testing

@Suite struct IdentifierTests {
    private let text = "c42fdf75-3097-471c-8c33-fb52454d81c0"

    @Test func `reads and writes the canonical form`() {
        let id = WorkspaceID("C42FDF75-3097-471C-8C33-FB52454D81C0")
        #expect(id == WorkspaceID(high: 0xc42f_df75_3097_471c, low: 0x8c33_fb52_454d_81c0))
        #expect(id?.description == text)
    }

    @Test(arguments: [
        "", "c42fdf75", "c42fdf7530-97-471c-8c33-fb52454d81c0", "c42fdf75-3097-471c-8c33-fb52454d81c",
        "c42fdf75-3097-471c-8c33-fb52454d81c00", "g42fdf75-3097-471c-8c33-fb52454d81c0",
        "{42fdf75-3097-471c-8c33-fb52454d81c}", "c42fdf75-3097-471c-8c33-fb52454d8é0",
    ])
    func `refuses anything else`(text: String) {
        #expect(WorkspaceID(text) == nil)
    }

    @Test func `a random one is of version 4 and its text reads back`() {
        for _ in 0..<1_000 {
            let id = JobID.random()
            #expect(id.high >> 12 & 0xf == 4)
            #expect(id.low >> 62 == 0b10)
            #expect(JobID(id.description) == id)
        }
    }

    @Test func `is ordered as its bytes are`() {
        let texts = [
            "00000000-0000-0000-0000-000000000001", "00000000-0000-0001-0000-000000000000",
            "7fffffff-0000-0000-0000-000000000000", "80000000-0000-0000-0000-000000000000", text,
        ]
        #expect(texts.compactMap { JobID($0) }.reversed().sorted().map(\.description) == texts)
    }
}
