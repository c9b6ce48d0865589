// SPDX-License-Identifier: Apache-2.0

import Basics
import Crypto
import CurlClient
import FoundationEssentials
import HTTPTypes
import Operations
import Store
import Synchronization

/// The sessions of browsers: a random text in a cookie that scripts cannot read, and its hash in the database.
struct ConsoleSessions: Sendable {
    static let cookie = "stoker_session"
    /// A session lasts as long, or until its token ends.
    private static let lifetime = Duration.seconds(7 * 86_400)

    let store: Store
    let authenticator: Authenticator
    /// Whether browsers send the cookie over TLS alone.
    let isSecure: Bool
    private let own = OwnSessions()

    init(store: Store, authenticator: Authenticator, isSecure: Bool) {
        self.store = store
        self.authenticator = authenticator
        self.isSecure = isSecure
    }

    /// Begins a session for the holder of a token. Throws a problem for a token that is not valid.
    func begin(with token: TokenSecret) async throws -> TokenSecret {
        let session = TokenSecret.random()
        if let caller = authenticator.ownCaller(token) {
            own.begin(session.hash, caller)
            return session
        }
        // It says why a token is not valid.
        _ = try await authenticator.caller(token)
        guard try await store.beginSession(session.hash, token: token.hash, lasting: Self.lifetime) else {
            throw Problem(.unauthenticated, "The token is not known, or was revoked.")
        }
        return session
    }

    /// Who is signed in; `nil`: nobody any more.
    func caller(_ session: TokenSecret) async throws -> Caller? {
        if let caller = own.caller(session.hash) { return caller }
        return try await store.session(session.hash).map { Caller($0) }
    }

    func end(_ session: TokenSecret) async throws {
        own.end(session.hash)
        try await store.endSession(session.hash)
    }
}

extension ConsoleSessions {
    /// The session that a request names.
    static func session(_ headers: HTTPFields) -> TokenSecret? {
        let cookies = (headers[.cookie] ?? "").split(separator: ";").map { $0.drop { $0 == " " } }
        let value = cookies.first { $0.hasPrefix("\(cookie)=") }?.dropFirst(cookie.utf8.count + 1)
        guard let value, !value.isEmpty, value.utf8.count <= 512 else { return nil }
        return TokenSecret(String(value))
    }

    /// What sets the cookie; without a session, what removes it.
    func cookie(_ session: TokenSecret?, over headers: HTTPFields) -> String {
        let isTLS = isSecure || headers[.xForwardedProto]?.lowercased() == "https"
        let age = session == nil ? 0 : Self.lifetime.components.seconds
        return "\(Self.cookie)=\(session?.text ?? ""); Path=/; HttpOnly; SameSite=Strict; Max-Age=\(age)"
            + (isTLS ? "; Secure" : "")
    }

    /// What every form of the session carries, so that other sites cannot send one.
    static func formToken(_ session: TokenSecret) -> String {
        let key = SymmetricKey(data: Data(session.text.utf8))
        return Base64URL.encode(HMAC<SHA256>.authenticationCode(for: Data("form".utf8), using: key))
    }

    static func isFormToken(_ text: String, of session: TokenSecret) -> Bool {
        TokenSecret(text).matches(TokenSecret(formToken(session)).hash)
    }
}

/// Sessions of the process's own token, which end with the process.
private final class OwnSessions: Sendable {
    /// More than anybody opens by hand.
    private static let most = 1_000
    private let callers = Mutex<[[UInt8]: Caller]>([:])

    func begin(_ hash: [UInt8], _ caller: Caller) {
        callers.withLock { callers in
            if callers.count >= Self.most { callers = [:] }
            callers[hash] = caller
        }
    }

    func caller(_ hash: [UInt8]) -> Caller? { callers.withLock { $0[hash] } }
    func end(_ hash: [UInt8]) { callers.withLock { _ = $0.removeValue(forKey: hash) } }
}

extension HTTPField.Name {
    fileprivate static let xForwardedProto = Self(known: "X-Forwarded-Proto")
}
