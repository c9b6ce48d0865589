// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials

/// Whether the request is genuine and fresh; headers by name in lower case.
func verify(secret: String, headers: [String: String], body: Data) -> Bool {
    guard let id = headers["webhook-id"], let timestamp = headers["webhook-timestamp"],
        let seconds = Double(timestamp), abs(Date.now.timeIntervalSince1970 - seconds) <= 300,
        let key = Data(base64Encoded: String(secret.dropFirst("whsec_".count)))
    else { return false }
    let content = Data("\(id).\(timestamp).".utf8) + body
    return (headers["webhook-signature"] ?? "").split(separator: " ").contains { entry in
        guard entry.hasPrefix("v1,"), let given = Data(base64Encoded: String(entry.dropFirst(3))) else { return false }
        // Compares in constant time.
        return HMAC<SHA256>.isValidAuthenticationCode(given, authenticating: content, using: SymmetricKey(data: key))
    }
}
