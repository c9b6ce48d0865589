// SPDX-License-Identifier: Apache-2.0

/// Divides what there is among those who ask, so that no large request starves a small one.
///
/// Nobody gets more than asked for, all of the capacity is used if there are requests for it, and only those who get
/// everything they asked for may get less than another, up to one. The order of the requests does not matter.
struct FairShare {
    /// What each request gets, in the order of the requests.
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
