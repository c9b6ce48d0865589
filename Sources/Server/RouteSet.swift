// SPDX-License-Identifier: Apache-2.0

package import Hummingbird

/// A group of routes.
package protocol RouteSet: Sendable {
    func add(to router: Router<ServerRequestContext>)
}
