// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Store
import TestSupport
import Testing
import Time

@Suite struct TokenTests {
    private static func add(_ hash: [UInt8], to fleet: Fleet, lifetime: Duration? = nil) async throws -> APIToken {
        try await fleet.store.addToken("ci", for: "Ada", hash: hash, scopes: ["read"], validFor: lifetime)
    }

    @Test(.database(.migrated)) func `a token is found by its hash while its user is active`() async throws {
        try await Fleet.open { fleet in
            let ada = try await fleet.addUser("ada", roles: ["owner"])
            let token = try await Self.add([1, 2], to: fleet)
            let holder = try #require(try await fleet.store.tokenHolder([1, 2]))
            #expect(holder.tokenID == token.id && holder.userID == ada && holder.hash == [1, 2])
            #expect(holder.username == "ada" && holder.roles == ["owner"] && holder.scopes == ["read"])
            #expect(!holder.isExpired)
            #expect(try await fleet.store.tokenHolder([1]) == nil)
            try await fleet.sql("UPDATE users SET status = 'suspended'  WHERE username = 'ada'")
            #expect(try await fleet.store.tokenHolder([1, 2]) == nil)
        }
    }

    @Test(.database(.migrated)) func `a token expires by the database's time`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addUser("ada")
            let token = try await Self.add([1], to: fleet, lifetime: .seconds(3600))
            #expect(token.expiresAt == token.createdAt + .seconds(3600))
            #expect(try await fleet.store.tokenHolder([1])?.isExpired == false)
            try await fleet.sql("UPDATE api_tokens SET expires_at = now()")
            #expect(try await fleet.store.tokenHolder([1])?.isExpired == true)
        }
    }

    @Test(.database(.migrated)) func `uses are noted once a minute`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addUser("ada")
            _ = try await Self.add([1], to: fleet)
            func lastUse() async throws -> Instant? { try await fleet.store.tokens().first?.lastUsedAt }
            #expect(try await lastUse() == nil)
            _ = try await fleet.store.tokenHolder([1])
            let first = try #require(try await lastUse())
            _ = try await fleet.store.tokenHolder([1])
            #expect(try await lastUse() == first)
            try await fleet.sql("UPDATE api_tokens SET last_used_at = now() - interval '61 seconds'")
            _ = try await fleet.store.tokenHolder([1])
            #expect(try #require(try await lastUse()) >= first)
        }
    }

    @Test(.database(.migrated)) func `a revoked token is gone, and only its user's are reached by its user`()
        async throws
    {
        try await Fleet.open { fleet in
            let (ada, bob) = (try await fleet.addUser("ada"), try await fleet.addUser("bob"))
            let token = try await Self.add([1], to: fleet)
            #expect(try await fleet.store.tokens(of: bob) == [])
            let refusal = await #expect(throws: StoreError.self) {
                try await fleet.store.revokeToken(token.id, of: bob)
            }
            #expect(refusal?.code == .notFound)
            try await fleet.store.revokeToken(token.id, of: ada)
            #expect(try await fleet.store.tokenHolder([1]) == nil)
            let unknown = await #expect(throws: StoreError.self) {
                try await fleet.store.addToken("ci", for: "prebuilds", hash: [2], scopes: [], validFor: nil)
            }
            #expect(unknown?.code == .notFound)
        }
    }
}
