// SPDX-License-Identifier: Apache-2.0

import Basics
import Crypto
import FoundationEssentials

/// The text of a token: 256 random bits behind a prefix that scanners of leaked secrets can look for.
///
/// So much chance needs no slow hash: its SHA-256 tells nothing that could be guessed.
package struct TokenSecret: Hashable, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package static func random() -> TokenSecret {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return TokenSecret("stoker_" + Base64URL.encode(bytes))
    }

    /// SHA-256 of the text: what the database keeps.
    package var hash: [UInt8] { Array(SHA256.hash(data: Data(text.utf8))) }

    /// Whether the hash is this secret's, in a time that does not depend on how much of it is right.
    package func matches(_ hash: [UInt8]) -> Bool {
        let own = self.hash
        guard own.count == hash.count else { return false }
        return zip(own, hash).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
