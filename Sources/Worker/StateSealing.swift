// SPDX-License-Identifier: Apache-2.0

import Basics
import Provisioning

/// How states are kept in the database: sealed when an encryption key is configured, else as they are.
package struct StateSealing: Sendable {
    package var seal: @Sendable ([UInt8]) throws -> [UInt8]
    package var open: @Sendable ([UInt8]) throws -> [UInt8]

    package init(
        seal: @escaping @Sendable ([UInt8]) throws -> [UInt8],
        open: @escaping @Sendable ([UInt8]) throws -> [UInt8]
    ) {
        self.seal = seal
        self.open = open
    }

    /// Seals a state away from the threads that leases need: it is compressed and encrypted, and as large as a template makes it.
    func sealed(_ state: [UInt8]) async throws -> [UInt8] {
        try await BlockingWork.run { () throws(any Error) in try seal(state) }
    }

    /// Opens what ``sealed(_:)`` has made, likewise.
    func opened(_ stored: [UInt8]) async throws -> [UInt8] {
        try await BlockingWork.run { () throws(any Error) in try open(stored) }
    }

    /// No encryption.
    package static let none = Self(seal: { $0 }, open: { $0 })
}
