// SPDX-License-Identifier: Apache-2.0

import Logging
import Server
import Synchronization

/// The URL at which workspaces reach this process: the configured one, else the address on which it listens.
final class AccessURL: Sendable {
    /// The problem when nothing is configured and there is more than one worker.
    static let warning: Logger.Message = """
        http.public_url is not set: agents in workspaces that this worker builds call its own address, and a claim that another \
        worker builds gives them another one, which may replace resources. Set it to the same URL on all workers.
        """

    private let configured: String?
    private let address: Mutex<HTTPAddress>

    init(configured: String?, address: HTTPAddress) {
        self.configured = configured
        self.address = Mutex(address)
    }

    /// The port is known only when the system has chosen it.
    func listens(on address: HTTPAddress) {
        self.address.withLock { $0 = address }
    }

    /// It waits until the system has chosen a port, because agents could not call port 0.
    func url() async throws -> String {
        if let configured { return configured }
        let deadline = ContinuousClock.now + .seconds(10)
        while address.withLock({ $0.port }) == 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        let address = address.withLock { $0 }
        // The wildcard address cannot be called.
        return "http://\(address.isAnyAddress ? HTTPAddress(host: "127.0.0.1", port: address.port) : address)"
    }
}

extension HTTPAddress {
    /// Whether it is the wildcard address, which stands for all of this machine's.
    var isAnyAddress: Bool { ["0.0.0.0", "::"].contains(host) }
}
