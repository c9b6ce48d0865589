// SPDX-License-Identifier: Apache-2.0

import Basics
import Crypto
import FoundationEssentials

/// The text of a token: 256 random bits after a prefix for scanners of leaked secrets.
///
/// With so much entropy no slow hash is needed: SHA-256 is enough.
package struct TokenSecret: Hashable, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    /// A new token of 256 random bits, in letters that URLs and shells take as they are.
    package static func random() -> TokenSecret {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return TokenSecret("stoker_" + Base64URL.encode(bytes))
    }

    /// SHA-256 of the text, as the database stores it.
    package var hash: [UInt8] { Array(SHA256.hash(data: Data(text.utf8))) }

    /// Compares the hash in constant time.
    package func matches(_ hash: [UInt8]) -> Bool {
        let own = self.hash
        guard own.count == hash.count else { return false }
        return zip(own, hash).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
