// SPDX-License-Identifier: Apache-2.0

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

    /// No encryption.
    package static let none = Self(seal: { $0 }, open: { $0 })
}
