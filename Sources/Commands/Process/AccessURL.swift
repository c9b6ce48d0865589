// SPDX-License-Identifier: Apache-2.0

import Logging
import Server
import Synchronization

/// Where workspaces reach this process: as it is configured, else the address on which it listens.
final class AccessURL: Sendable {
    /// What is wrong where nothing is configured and there is more than one worker.
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

    /// The port is known only now, when the system has chosen it.
    func listens(on address: HTTPAddress) {
        self.address.withLock { $0 = address }
    }

    /// For a port that the system chooses, it waits until it has: a build that was given port 0 would start agents in vain.
    func url() async throws -> String {
        if let configured { return configured }
        let patience = ContinuousClock.now + .seconds(10)
        while address.withLock({ $0.port }) == 0, ContinuousClock.now < patience {
            try await Task.sleep(for: .milliseconds(20))
        }
        let address = address.withLock { $0 }
        // All addresses are no address to call.
        let isAny = ["0.0.0.0", "::"].contains(address.host)
        return "http://\(isAny ? HTTPAddress(host: "127.0.0.1", port: address.port) : address)"
    }
}
