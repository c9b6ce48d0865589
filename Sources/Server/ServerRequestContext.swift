// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
package import NIOCore

/// What is known of a request besides what it says: where it comes from.
package struct ServerRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Of the peer, without its port; behind a proxy, the proxy's.
    package let address: String
    /// The connection.
    package let channel: any Channel

    /// The route that answers, as it is declared: `/api/v1/jobs/{job}`. `nil`: none is found yet, or there is none.
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
