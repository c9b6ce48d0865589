// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials
import HTTPTypes
import Hummingbird

/// The page for people: pools, jobs, workers and deliveries, from the API with the caller's token.
struct PageRoutes: RouteSet {
    func add(to router: Router<ServerRequestContext>) {
        router.show("/") {
            Response(
                status: .ok,
                headers: Self.headers,
                body: ResponseBody(byteBuffer: ByteBuffer(string: Page.html))
            )
        }
    }

    private static let headers: HTTPFields = [
        .contentType: "text/html; charset=utf-8", .cacheControl: "no-cache", .xContentTypeOptions: "nosniff",
        .contentSecurityPolicy: policy, .referrerPolicy: "no-referrer",
    ]

    /// The page's own script and style by their hashes, and its own server: nothing else is loaded, run or requested,
    /// and no other page can embed it (Content Security Policy Level 3).
    static let policy = """
        default-src 'none'; script-src '\(hash(of: "script"))'; style-src '\(hash(of: "style"))'; connect-src 'self'; \
        img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
        """

    private static func hash(of element: String) -> String {
        guard let start = Page.html.firstRange(of: "<\(element)>"), let end = Page.html.firstRange(of: "</\(element)>")
        else { return "none" }
        let text = Page.html[start.upperBound..<end.lowerBound]
        return "sha256-" + Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString()
    }
}
