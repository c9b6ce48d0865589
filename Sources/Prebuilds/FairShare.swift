// SPDX-License-Identifier: Apache-2.0

import Domain

/// Divides a capacity among requests, so that a large request does not starve small ones.
///
/// No request gets more than it asked for, and the whole capacity is used if there are requests for it. Smaller
/// requests are filled first; requests that are not filled differ by at most one. The order of the requests does not
/// matter.
struct FairShare {
    /// The grant of each request, in the order of the requests.
    let grants: [Int]

    init(of capacity: Int, among requests: [(id: PresetID, count: Int)]) {
        let order = requests.indices.sorted {
            (requests[$0].count, requests[$0].id) < (requests[$1].count, requests[$1].id)
        }
        var grants = requests.map { _ in 0 }
        var rest = max(capacity, 0)
        for (position, index) in order.enumerated() {
            grants[index] = min(requests[index].count, rest / (order.count - position))
            rest -= grants[index]
        }
        self.grants = grants
    }
}
