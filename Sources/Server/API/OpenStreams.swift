// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Operations
import Synchronization

/// What stays open for long: each holds a connection, and looks at the database from time to time. So many for each caller,
/// whichever of their tokens they use, and so many altogether.
package final class OpenStreams: Sendable {
    private let mostOfOne: Int
    private let most: Int
    private let open = Mutex<[Caller.Identity: Int]>([:])

    /// As the documentation says.
    package init(mostOfOne: Int = 16, most: Int = 512) {
        self.mostOfOne = mostOfOne
        self.most = most
    }

    /// A place for one, until it is released. Throws a problem when there is none.
    func open(for caller: Caller.Identity) throws(Problem) -> Held {
        let refusal = open.withLock { open -> String? in
            if open[caller, default: 0] >= mostOfOne { return "At most \(mostOfOne) are open for one user." }
            if open.values.reduce(0, +) >= most { return "At most \(most) are open on this server." }
            open[caller, default: 0] += 1
            return nil
        }
        if let refusal {
            throw Problem(
                .tooManyStreams,
                refusal,
                remedy: "Close one, or ask for pages of the log and for the claim's job instead.",
                headers: [.retryAfter: "5"]
            )
        }
        return Held { [self] in close(caller) }
    }

    private func close(_ caller: Caller.Identity) {
        open.withLock { open in
            let rest = open[caller, default: 1] - 1
            open[caller] = rest > 0 ? rest : nil
        }
    }
}
