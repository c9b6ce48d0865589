// SPDX-License-Identifier: Apache-2.0

package import Hummingbird

/// Routes that belong together.
package protocol RouteSet: Sendable {
    func add(to router: Router<ServerRequestContext>)
}
