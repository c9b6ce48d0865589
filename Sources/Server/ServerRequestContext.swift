// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
import NIOCore

/// What is known of a request besides what it says: where it comes from.
package struct ServerRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Of the peer, without its port; behind a proxy, the proxy's.
    package let address: String

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? "local"
    }
}
