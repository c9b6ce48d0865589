// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Operations
import Synchronization

/// The limit of long-lived requests, each of which holds a connection and polls the database: for each caller with all
/// tokens, and in total.
package final class OpenStreams: Sendable {
    private let mostOfOne: Int
    private let most: Int
    private let open = Mutex<[Caller.Identity: Int]>([:])

    /// The documented limits.
    package init(mostOfOne: Int = 16, most: Int = 512) {
        self.mostOfOne = mostOfOne
        self.most = most
    }

    /// A slot for one stream, until it is released. Throws a problem if there is none.
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
