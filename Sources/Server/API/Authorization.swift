// SPDX-License-Identifier: Apache-2.0

import Operations
import Store

extension Caller {
    /// Throws a problem unless the caller may use the route. Everybody may see whether they may; its fields are checked
    /// after that.
    func require(_ route: Route) throws(Problem) {
        guard case .users(let role, let resource) = route.access, !may(route) else { return }
        guard scopes.allows(resource, reading: route.isRead) else {
            let scope = "\(resource)\(route.isRead ? ":read" : "")"
            throw Problem(.insufficientScope, "The token lacks the scope '\(scope)'.")
        }
        throw Problem(.forbidden, "The role '\(role.rawValue)' is required.")
    }
}
