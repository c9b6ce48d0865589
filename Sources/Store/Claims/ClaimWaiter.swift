// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Time

/// The places of waiting claims, `workspace_claim_waiters`: their timing, and what they mean to the reconciler.
///
/// A place lives as long as somebody looks: whoever waits renews it with every look. So a claim whose process was killed
/// is no demand any more after ``lease``, and its row is removed by the next pass or the next claim that waits.
enum ClaimWaiter {
    /// The polling interval: a notification may be lost.
    static let poll = Duration.seconds(1)
    /// After this time without polling, a waiter counts as dead, and those behind it pass.
    static let lease = Duration.seconds(4)
    /// More claims that wait for one preset are not counted as demand.
    private static let mostCounted = 1_000

    /// How many claims wait for the preset, as far as they are counted.
    static func waiting(for preset: SQL, at moment: SQL) -> SQL {
        """
        (
            SELECT count(*) FROM (
                SELECT FROM workspace_claim_waiters q
                WHERE q.preset_id = \(sql: preset) AND q.lease_expires_at > \(sql: moment) LIMIT \(literal: mostCounted)
            ) asking
        )
        """
    }

    /// Removes the places of the dead, as a term of a statement.
    static let burial: SQL = """
        DELETE FROM workspace_claim_waiters WHERE lease_expires_at < now() - interval '1 minute'
        """
}
