// SPDX-License-Identifier: Apache-2.0

import PostgresClient

/// Conditions on users that several statements need. Tables are named by their aliases.
extension SQL {
    /// The user has this name and is not deleted.
    static func isUser(_ user: String = "u", named name: String) -> SQL {
        isUser(user, namedBy: "\(name)")
    }

    /// As ``isUser(_:named:)``, with an expression of type `text`.
    static func isUser(_ user: String = "u", namedBy name: SQL) -> SQL {
        "(lower(\(identifier: user).username) = lower(\(sql: name)) AND NOT \(identifier: user).deleted)"
    }

    /// The user is a person who may act.
    static func mayAct(_ user: String = "u") -> SQL {
        """
        (NOT \(identifier: user).deleted AND NOT \(identifier: user).is_system AND \(identifier: user).status = 'active')
        """
    }
}
