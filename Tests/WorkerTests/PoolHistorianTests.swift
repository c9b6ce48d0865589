// SPDX-License-Identifier: Apache-2.0

import Testing
import Time

@testable import Worker

@Suite struct PoolHistorianTests {
    @Test func `a sample belongs to the five minutes in which it was taken`() {
        let start = Instant(seconds: 1_750_000_200)
        #expect(PoolHistorian.moment(of: start) == start)
        #expect(PoolHistorian.moment(of: start + .seconds(299)) == start)
        #expect(PoolHistorian.moment(of: start - .microseconds(1)) == start - .seconds(300))
    }
}
