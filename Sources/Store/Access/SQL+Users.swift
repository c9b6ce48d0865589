// SPDX-License-Identifier: Apache-2.0

import PostgresClient

/// Rules about users that several statements need, each as a part of one. Tables are named by their alias.
extension SQL {
    /// Whether the user is one of that name, and is not deleted.
    static func isUser(_ user: String = "u", named name: String) -> SQL {
        "(lower(\(identifier: user).username) = lower(\(name)) AND NOT \(identifier: user).deleted)"
    }

    /// Whether the user is a person who may act.
    static func mayAct(_ user: String = "u") -> SQL {
        """
        (NOT \(identifier: user).deleted AND NOT \(identifier: user).is_system AND \(identifier: user).status = 'active')
        """
    }
}
