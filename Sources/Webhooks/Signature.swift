// SPDX-License-Identifier: Apache-2.0

import CurlClient
package import Time

/// The three headers with which a receiver verifies that a request is genuine, fresh and not a repetition (Standard
/// Webhooks 1.0).
package struct Signature: Hashable, Sendable {
    /// `webhook-id`: the same over all attempts.
    package let id: String
    /// `webhook-timestamp`: of this attempt, in seconds since 1970.
    package let timestamp: String
    /// `webhook-signature`: one entry for each key, the current secret's first.
    package let signatures: String

    /// Signs a body with every key; while a secret is being rotated there are two.
    package init(of body: [UInt8], id: String, at now: Instant, keys: [SigningKey]) throws(SigningKeyError) {
        let timestamp = "\(now.seconds)"
        let content = Self.content(id: id, timestamp: timestamp, body: body)
        var entries: [String] = []
        for key in keys { entries.append(try key.signature(of: content)) }
        self.init(id: id, timestamp: timestamp, signatures: entries.joined(separator: " "))
    }

    init(id: String, timestamp: String, signatures: String) {
        self.id = id
        self.timestamp = timestamp
        self.signatures = signatures
    }

    /// The signed content.
    static func content(id: String, timestamp: String, body: [UInt8]) -> [UInt8] {
        Array("\(id).\(timestamp).".utf8) + body
    }
}
