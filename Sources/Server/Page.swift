// SPDX-License-Identifier: Apache-2.0

/// The page at `/`: one file with its script and style (`Sources/Server/Page/page.html`).
package enum Page {
    package static let html = String(decoding: PackageResources.page_html, as: UTF8.self)
}
