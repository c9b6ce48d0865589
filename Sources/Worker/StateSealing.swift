// SPDX-License-Identifier: Apache-2.0

import Basics
import Provisioning

/// Encrypts states for the database when an encryption key is configured.
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

    /// Encrypts a state outside of the threads that renew leases, because compression and encryption take time in
    /// proportion to its size.
    func sealed(_ state: [UInt8]) async throws -> [UInt8] {
        try await BlockingWork.run { () throws(any Error) in try seal(state) }
    }

    /// Decrypts what ``sealed(_:)`` has made, likewise.
    package func opened(_ stored: [UInt8]) async throws -> [UInt8] {
        try await BlockingWork.run { () throws(any Error) in try open(stored) }
    }

    /// No encryption.
    package static let none = Self(seal: { $0 }, open: { $0 })
}
