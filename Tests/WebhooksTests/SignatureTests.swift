// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials
import Testing
import Time

@testable import Webhooks

/// What a receiver does (Standard Webhooks 1.0).
extension Signature {
    /// Whether one of the signatures is the verifier's over this body, and the time is within five minutes of `now`.
    ///
    /// - Parameter verifier: What ``SigningKey/verifier`` tells: `whsec_` or `whpk_`.
    fileprivate func isValid(for body: [UInt8], by verifier: String, at now: Instant) -> Bool {
        guard let seconds = Int64(timestamp), abs(seconds - now.seconds) <= 300 else { return false }
        let content = Self.content(id: id, timestamp: timestamp, body: body)
        return signatures.split(separator: " ").contains { Self.matches($0, verifier, content) }
    }

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
}

@Suite struct SignatureTests {
    private let body = Array(#"{"test": 2432232314}"#.utf8)
    private let now = Instant(seconds: 1_614_265_330)

    @Test func `a signature is that of the specification's example`() throws {
        let key = try SigningKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        let signature = try Signature(of: body, id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: now, keys: [key])
        #expect(
            signature
                == Signature(
                    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
                    timestamp: "1614265330",
                    signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
                )
        )
    }

    @Test func `every key signs, and each receiver needs to know one`() throws {
        let keys = [SigningKey.randomSecret(), .randomSecret(), .randomEd25519()]
        let signature = try Signature(of: body, id: "id", at: now, keys: keys)
        #expect(
            signature.signatures.split(separator: " ").map { $0.prefix(4) }.map { $0.split(separator: ",")[0] } == [
                "v1", "v1", "v1a",
            ]
        )
        for key in keys { #expect(signature.isValid(for: body, by: key.verifier, at: now)) }
        for other in [SigningKey.randomSecret(), .randomEd25519()] {
            #expect(!signature.isValid(for: body, by: other.verifier, at: now))
        }
    }

    @Test(arguments: [SigningKey.randomSecret(), .randomEd25519()])
    func `what was changed on the way is not valid`(key: SigningKey) throws {
        let valid = try Signature(of: body, id: "id", at: now, keys: [key])
        func isValid(id: String = "id", timestamp: String? = nil, signatures: String? = nil, body: [UInt8]? = nil)
            -> Bool
        {
            Signature(id: id, timestamp: timestamp ?? valid.timestamp, signatures: signatures ?? valid.signatures)
                .isValid(for: body ?? self.body, by: key.verifier, at: now)
        }
        #expect(isValid())
        #expect(!isValid(id: "other"))
        #expect(!isValid(timestamp: "1614265331"))
        #expect(!isValid(timestamp: "soon"))
        #expect(!isValid(body: body + [32]))
        #expect(!isValid(signatures: ""))
        #expect(!isValid(signatures: "v2" + valid.signatures.drop { $0 != "," }))
        #expect(!isValid(signatures: valid.signatures + "AAAA"))
    }

    @Test func `a request older or newer than five minutes is not valid`() throws {
        let key = SigningKey.randomSecret()
        let signature = try Signature(of: body, id: "id", at: now, keys: [key])
        let verdicts = [-301, -300, 300, 301].map { offset in
            signature.isValid(for: body, by: key.verifier, at: now + .seconds(offset))
        }
        #expect(verdicts == [false, true, true, false])
    }

    @Test func `keys are read as they are written`() throws {
        for key in [SigningKey.randomSecret(), .randomEd25519()] {
            #expect(try SigningKey(key.encoded).encoded == key.encoded)
        }
        let ed25519 = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
        let key = try SigningKey(ed25519)
        #expect(key.encoded == ed25519)
        #expect(key.verifier == "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=")
        let seedOnly = try SigningKey("whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc")
        #expect(seedOnly.encoded == ed25519)
    }

    @Test(arguments: [
        ("", SigningKeyError.malformed), ("secret", .malformed), ("whsec_***", .malformed), ("whsec_", .length(0)),
        ("whsec_c2hvcnQ=", .length(5)), ("whsk_c2hvcnQ=", .notEd25519),
        ("whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbcAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", .notEd25519),
    ])
    func `a key that is none is an error that does not repeat it`(text: String, reason: SigningKeyError) {
        let error = #expect(throws: SigningKeyError.self) { try SigningKey(text) }
        #expect(error == reason)
    }

    @Test func `printing a key does not show it`() throws {
        let key = try SigningKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(!text.contains("MfKQ") && !text.contains("24 bytes"))
        }
    }
}
