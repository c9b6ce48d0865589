// SPDX-License-Identifier: Apache-2.0

import Basics
import Crypto
import FoundationEssentials
import HTTPTypes
import Hummingbird

/// The style, the scripts and the sign of the console: files of `Console/Assets`, embedded in the binary.
struct ConsoleAsset: Sendable {
    private let bytes: [UInt8]
    private let type: String
    private let tag: String

    private init(_ bytes: [UInt8], _ type: String) {
        self.bytes = bytes
        self.type = type
        tag = "\"\(Base64URL.encode(SHA256.hash(data: Data(bytes)).prefix(12)))\""
    }

    static let all: [String: ConsoleAsset] = [
        "console.css": ConsoleAsset(PackageResources.console_css, "text/css; charset=utf-8"),
        "console.js": script(PackageResources.console_js),
        "actions.js": script(PackageResources.actions_js),
        "keys.js": script(PackageResources.keys_js),
        "live.js": script(PackageResources.live_js),
        "log.js": script(PackageResources.log_js),
        "morph.js": script(PackageResources.morph_js),
        "sign-in.js": script(PackageResources.sign_in_js),
        "times.js": script(PackageResources.times_js),
        "flame.svg": ConsoleAsset(PackageResources.flame_svg, "image/svg+xml"),
    ]

    private static func script(_ bytes: [UInt8]) -> ConsoleAsset {
        ConsoleAsset(bytes, "text/javascript; charset=utf-8")
    }

    /// The file, or that the browser has it already.
    func response(to request: Request) -> Response {
        let headers: HTTPFields = [
            .eTag: tag, .cacheControl: "no-cache", .contentType: type, .xContentTypeOptions: "nosniff",
        ]
        let known = request.headers[.ifNoneMatch] ?? ""
        guard !known.contains(tag) else { return Response(status: .notModified, headers: headers) }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
