// SPDX-License-Identifier: Apache-2.0

import CurlClient
import HTTPTypes

/// The beginning of an answer, as it may be stored and shown.
package enum ResponseExcerpt {
    /// In bytes.
    package static let limit = 500

    /// - Parameter secrets: Texts that an endpoint may echo and nobody may read: signing keys, values of headers, the
    ///   URL's path and query.
    package static func text(_ body: [UInt8], hiding secrets: [String]) -> String {
        // Redacted before it is cut: half a secret is a secret, too.
        var text = String(decoding: body, as: UTF8.self)
        for secret in secrets.filter({ $0.utf8.count >= 6 }).sorted(by: { $0.utf8.count > $1.utf8.count }) {
            text = text.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "[hidden]")
        }
        // The database accepts no NUL, and a terminal no control characters.
        let visible = text.unicodeScalars.map { scalar -> Unicode.Scalar in
            scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t" ? "\u{FFFD}" : scalar
        }
        return String(decoding: String(String.UnicodeScalarView(visible)).utf8.prefix(limit), as: UTF8.self)
    }
}

extension EndpointTarget {
    /// The secrets that an endpoint's answers and failures must not repeat.
    package var secrets: [String] {
        // The scheme, an empty part, the host, and the rest
        let parts = url.text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        let bearer = headers.flatMap { [$0.value] + $0.value.split(separator: " ").map(String.init) }
        return keys.map(\.encoded) + keys.map { String($0.encoded.dropFirst(6)) } + bearer
            + parts.dropFirst(3).map(String.init)
    }
}
