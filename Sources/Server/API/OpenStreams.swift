// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Synchronization

/// What stays open for long: each holds a connection, and looks at the database from time to time. So many for each token, and
/// so many altogether.
package final class OpenStreams: Sendable {
    private let mostOfOne: Int
    private let most: Int
    private let open = Mutex<[[UInt8]: Int]>([:])

    /// As the documentation says.
    package init(mostOfOne: Int = 16, most: Int = 512) {
        self.mostOfOne = mostOfOne
        self.most = most
    }

    /// A place for one, until it is closed or dropped. Throws a problem when there is none.
    func open(for token: [UInt8]) throws(Problem) -> Place {
        let refusal = open.withLock { open -> String? in
            if open[token, default: 0] >= mostOfOne { return "At most \(mostOfOne) are open for one token." }
            if open.values.reduce(0, +) >= most { return "At most \(most) are open on this server." }
            open[token, default: 0] += 1
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
        return Place { [self] in close(token) }
    }

    private func close(_ token: [UInt8]) {
        open.withLock { open in
            let rest = open[token, default: 1] - 1
            open[token] = rest > 0 ? rest : nil
        }
    }

    final class Place: Sendable {
        private let release: @Sendable () -> Void
        private let isClosed = Atomic(false)

        init(_ release: @escaping @Sendable () -> Void) {
            self.release = release
        }

        deinit { close() }

        func close() {
            if !isClosed.exchange(true, ordering: .acquiringAndReleasing) { release() }
        }
    }
}
