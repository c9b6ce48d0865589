// SPDX-License-Identifier: Apache-2.0

import CurlClient
package import Store

extension Endpoint {
    /// Scheme, host and port: path and query may be secrets.
    package var shownURL: String {
        // What is stored was read by the same reader; should it no longer be readable, nothing of it is shown.
        (try? EndpointURL(url))?.origin ?? "(unreadable)"
    }
}
