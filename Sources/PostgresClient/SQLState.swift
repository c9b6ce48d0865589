// SPDX-License-Identifier: Apache-2.0

/// The five-character code of an error of the server (PostgreSQL documentation, appendix A).
package struct SQLState: Hashable, Sendable, CustomStringConvertible {
    package let code: String

    package init(_ code: String) {
        self.code = code
    }

    package var description: String { code }

    /// The first two characters: the kind of error.
    package var conditionClass: String { String(code.prefix(2)) }

    package static let uniqueViolation = Self("23505")
    package static let serializationFailure = Self("40001")
    package static let deadlockDetected = Self("40P01")
    package static let inFailedTransaction = Self("25P02")
    package static let undefinedTable = Self("42P01")
    package static let insufficientPrivilege = Self("42501")
    package static let featureNotSupported = Self("0A000")
    package static let invalidStatementName = Self("26000")
    package static let lockNotAvailable = Self("55P03")
    package static let queryCanceled = Self("57014")
    package static let adminShutdown = Self("57P01")
    package static let crashShutdown = Self("57P02")
    package static let cannotConnectNow = Self("57P03")
    package static let invalidCatalogName = Self("3D000")
    /// Among others, a queue of notifications that is full.
    package static let programLimitExceeded = Self("54000")
    package static let tooManyConnections = Self("53300")
}
