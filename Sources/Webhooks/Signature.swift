// SPDX-License-Identifier: Apache-2.0

import Crypto
import CurlClient
import FoundationEssentials
package import Time

/// The three headers by which a receiver knows that a request is genuine, fresh and not a repetition (Standard
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
        self.id = id
        timestamp = "\(now.seconds)"
        let content = Self.content(id: id, timestamp: timestamp, body: body)
        var entries: [String] = []
        for key in keys { entries.append(try key.signature(of: content)) }
        signatures = entries.joined(separator: " ")
    }

    /// As received.
    package init(id: String, timestamp: String, signatures: String) {
        self.id = id
        self.timestamp = timestamp
        self.signatures = signatures
    }

    /// Whether one of the signatures is the verifier's over this body, and the time is within five minutes of `now`.
    ///
    /// - Parameter verifier: What ``SigningKey/verifier`` tells: `whsec_` or `whpk_`.
    package func isValid(for body: [UInt8], by verifier: String, at now: Instant) -> Bool {
        guard let seconds = Int64(timestamp), abs(seconds - now.seconds) <= 300 else { return false }
        let content = Self.content(id: id, timestamp: timestamp, body: body)
        return signatures.split(separator: " ").contains { Self.matches($0, verifier, content) }
    }

    /// Compares in constant time.
    private static func matches(_ entry: Substring, _ verifier: String, _ content: [UInt8]) -> Bool {
        let parts = entry.split(separator: ",", maxSplits: 1)
        guard parts.count == 2, let signature = Data(base64Encoded: String(parts[1])) else { return false }
        if parts[0] == "v1", let secret = SigningKey.decode(verifier, prefix: "whsec_") {
            let key = SymmetricKey(data: secret)
            return HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: content, using: key)
        }
        if parts[0] == "v1a", let bytes = SigningKey.decode(verifier, prefix: "whpk_") {
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)
            return key?.isValidSignature(signature, for: content) ?? false
        }
        return false
    }

    private static func content(id: String, timestamp: String, body: [UInt8]) -> [UInt8] {
        Array("\(id).\(timestamp).".utf8) + body
    }
}
