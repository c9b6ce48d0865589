// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

/// Conditions on the column `status` of `webhook_deliveries`, made from the enum.
extension DeliveryStatus {
    /// In the words of the partial indexes.
    static let waiting = any(of: allCases.filter(\.isWaiting))
    static let open = any(of: allCases.filter(\.isOpen))
    static let ended = any(of: allCases.filter { !$0.isOpen })
    /// Dead letters. A failed trial of an operator is none.
    static let dead: SQL = "\(sql: any(of: [.permanentFailure])) AND NOT is_trial"

    static func any(of statuses: [Self]) -> SQL {
        SQL(trusted: "status IN (\(statuses.map { "'\($0.rawValue)'" }.joined(separator: ", ")))")
    }
}
