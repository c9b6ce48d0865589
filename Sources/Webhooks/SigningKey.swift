// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials

/// A key that signs an endpoint's requests, in the notation of Standard Webhooks 1.0: `whsec_` and the base64 of a
/// shared secret of 24 to 64 bytes, or `whsk_` and the base64 of an Ed25519 key.
///
/// Printing it shows nothing; only ``encoded`` contains the key.
package struct SigningKey: Sendable {
    private enum Material: Sendable {
        case secret(Data)
        case ed25519(Curve25519.Signing.PrivateKey)
    }

    private let material: Material

    /// Reads the encoded form.
    ///
    /// An Ed25519 key may be the seed alone (32 bytes) or be followed by its public key (64 bytes).
    package init(_ encoded: String) throws(SigningKeyError) {
        if let bytes = Self.decode(encoded, prefix: "whsec_") {
            guard (24...64).contains(bytes.count) else { throw .length(bytes.count) }
            material = .secret(bytes)
        } else if let bytes = Self.decode(encoded, prefix: "whsk_") {
            guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes.prefix(32)),
                bytes.count == 32 || Array(bytes.dropFirst(32)) == Array(key.publicKey.rawRepresentation)
            else { throw .notEd25519 }
            material = .ed25519(key)
        } else {
            throw .malformed
        }
    }

    private init(_ material: Material) {
        self.material = material
    }

    /// A new shared secret of 32 bytes.
    package static func randomSecret() -> SigningKey {
        // The system's generator is cryptographically secure.
        SigningKey(.secret(Data((0..<32).map { _ in UInt8.random(in: .min ... .max) })))
    }

    /// A new Ed25519 key.
    package static func randomEd25519() -> SigningKey {
        SigningKey(.ed25519(Curve25519.Signing.PrivateKey()))
    }

    /// Whether receivers verify with the same secret, and not with a public key.
    package var isShared: Bool {
        if case .secret = material { true } else { false }
    }

    /// The key as it is stored, and shown once.
    package var encoded: String {
        switch material {
        case .secret(let bytes):
            "whsec_" + bytes.base64EncodedString()
        case .ed25519(let key):
            "whsk_" + (key.rawRepresentation + key.publicKey.rawRepresentation).base64EncodedString()
        }
    }

    /// The receiver's key: the shared secret itself, or `whpk_` and the public key.
    package var verifier: String {
        switch material {
        case .secret: encoded
        case .ed25519(let key): "whpk_" + key.publicKey.rawRepresentation.base64EncodedString()
        }
    }

    /// One entry of the header `webhook-signature`: `v1,` or `v1a,` and the signature in base64.
    func signature(of content: [UInt8]) throws(SigningKeyError) -> String {
        switch material {
        case .secret(let bytes):
            let code = HMAC<SHA256>.authenticationCode(for: content, using: SymmetricKey(data: bytes))
            return "v1," + Data(code).base64EncodedString()
        case .ed25519(let key):
            guard let signature = try? key.signature(for: content) else { throw .notEd25519 }
            return "v1a," + signature.base64EncodedString()
        }
    }

    /// The bytes after a prefix; base64 with or without padding.
    static func decode(_ text: String, prefix: String) -> Data? {
        guard text.hasPrefix(prefix) else { return nil }
        var base64 = String(text.dropFirst(prefix.count))
        while base64.utf8.count % 4 != 0 { base64.append("=") }
        return Data(base64Encoded: base64)
    }
}

extension SigningKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "SigningKey(hidden)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The text is not a key. The error never repeats it.
package enum SigningKeyError: Error, Hashable, CustomStringConvertible {
    case malformed
    case length(Int)
    case notEd25519

    package var description: String {
        switch self {
        case .malformed:
            "the secret must be whsec_ followed by base64; leave it out and one is made, or make one with: "
                + "echo whsec_$(openssl rand -base64 32)"
        case .length(let count):
            "the secret has \(count) bytes; Standard Webhooks ask for 24 to 64"
        case .notEd25519:
            "the signing key must be whsk_ followed by the base64 of an Ed25519 key of 32 or 64 bytes"
        }
    }
}
