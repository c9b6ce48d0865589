// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
package import NIOCore
import Operations

/// The properties of a request that are not in its text, such as its origin.
package struct ServerRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The peer's address without its port; behind a proxy, the proxy's.
    package let address: String
    /// The connection.
    package let channel: any Channel
    /// The calling user, if known.
    var caller: Caller?

    /// The declared route that answers, such as `/api/v1/jobs/{job}`. `nil`: unknown yet, or none.
    var route: String? {
        get {
            let path = coreContext.endpointPath.value
            return path == "NotFound" ? nil : path
        }
        nonmutating set { coreContext.endpointPath.value = newValue }
    }

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
        address = source.channel.remoteAddress?.ipAddress ?? "local"
    }
}
