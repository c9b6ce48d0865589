// SPDX-License-Identifier: Apache-2.0

import Crypto
import Domain
import PostgresClient

/// The earlier result of an idempotency key.
package struct EarlierClaim: Sendable {
    let result: ClaimResult
    private let digest: [UInt8]?
    /// The types of the parameters at that time.
    private let types: [String: ParameterType]

    /// Reads a row of ``statement(of:)``.
    init(_ row: Row) throws {
        digest = try row["request_hash"]
        let (names, notations): ([String], [String]) = (try row["parameters"], try row["types"])
        types = Dictionary(zip(names, notations.map(ParameterType.init))) { $1 }
        result = try ClaimResult(row, isRepeat: true)
    }

    /// Throws ``StoreError`` of code `.conflict` when the key was used for another request.
    func result(for request: ClaimRequest) throws -> ClaimResult {
        // The same values in another notation are the same request.
        let digests = [request.parameters, types.canonical(request.parameters)].map(request.digest)
        guard let digest, digests.contains(digest) else {
            throw StoreError(
                .conflict,
                "The idempotency key '\(request.idempotencyKey ?? "")' was used for another request",
                remedy: "Use a new key for a new request."
            )
        }
        return result
    }

    /// Finds the earlier results of requests with keys, whatever has happened to the template, the preset and the
    /// workspace since. ``read(_:)`` reads the rows.
    static func statement(of requests: [ClaimRequest]) -> Statement {
        Statement(
            "claims.earlier",
            within: .seconds(10),
            """
            SELECT q.place - 1 AS place, \(sql: ClaimResult.columns), c.request_hash,
                ARRAY(SELECT d.name FROM template_version_parameters d
                    WHERE d.template_version_id = p.template_version_id ORDER BY d.name) AS parameters,
                ARRAY(SELECT d.type FROM template_version_parameters d
                    WHERE d.template_version_id = p.template_version_id ORDER BY d.name) AS types
            FROM unnest(\(requests.map(\.owner)), \(requests.map(\.idempotencyKey))) WITH ORDINALITY q(owner, key, place)
            JOIN (\(sql: ClaimResult.tables)) ON \(sql: .isUser(namedBy: "q.owner")) AND c.idempotency_key = q.key
            """
        )
    }

    /// The earlier results by the position of their request.
    static func read(_ rows: QueryResult) throws -> [Int: EarlierClaim] {
        var earlier: [Int: EarlierClaim] = [:]
        for row in rows { earlier[try row["place"]] = try EarlierClaim(row) }
        return earlier
    }
}

extension ClaimRequest {
    /// SHA-256 over everything that makes two requests different; the key itself is not part of it.
    ///
    /// - Parameter values: The parameters in any notation.
    func digest(giving values: [String: String]) -> [UInt8] {
        var hash = SHA256()
        let values = values.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        let options = (latestOnly ? ["latest"] : []) + (ttl.map { ["ttl", "\($0)"] } ?? [])
        // Without labels it is what it was before there were any.
        let tags = labels.isEmpty ? [] : ["labels"] + labels.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        for field in [template, preset ?? "", owner, name] + values + options + tags {
            let bytes = Array(field.utf8)
            hash.update(data: lengthPrefix(bytes.count))
            hash.update(data: bytes)
        }
        return Array(hash.finalize())
    }

    /// The length before each field, so that fields cannot run together.
    private func lengthPrefix(_ count: Int) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) }
    }
}
