// SPDX-License-Identifier: Apache-2.0

import CLinux
import Domain

/// Classifies a failure by the words of its error, since clouds share no codes.
enum FailureClassifier {
    /// Tried in this order: a request to slow down is not a lack of quota, and some clouds call a full quota an invalid
    /// request.
    /// Words are matched in lower case; a `*` stands for anything on the same line.
    static let table: [(code: FailureCode, patterns: [String])] = [
        (
            .transient,
            [
                "throttl", "rate limit", "ratelimit", "rate exceeded", "too many requests", "requestlimitexceeded",
                "slow down", "slowdown", "statuscode: 429", "status code 429", "http 429", "error 429",
            ]
        ),
        (
            .capacity,
            [
                "quota", "insufficient*capacity", "insufficientinstancecapacity", "capacity not available",
                "not enough capacity", "out of capacity", "no capacity", "zone_resource_pool_exhausted",
                "resource_pool_exhausted", "does not have enough resources", "stockout", "skunotavailable",
                "allocationfailed", "limitexceeded", "limit exceeded", "limit has been reached", "limit reached",
                "vcpulimitexceeded", "insufficient resources", "insufficient memory", "insufficient cpu",
                "resources_exhausted", "no space left on device", "cannot allocate memory",
            ]
        ),
        (
            .transient,
            [
                "connection refused", "connection reset", "connection timed out", "broken pipe", "no such host",
                "temporary failure in name resolution", "i/o timeout", "tls handshake timeout",
                "network is unreachable",
                "no route to host", "unexpected eof", "context deadline exceeded", "client.timeout exceeded",
                "service unavailable", "serviceunavailable", "bad gateway", "gateway timeout", "internal server error",
                "internalerror", "try again", "temporarily unavailable", "timeout while waiting",
                "timed out waiting", "failed to query available provider packages",
                "could not query provider registry", "could not connect to",
                "error acquiring the state lock", "statuscode: 500", "statuscode: 502", "statuscode: 503",
                "statuscode: 504", "status code 500", "status code 502", "status code 503", "status code 504",
            ]
        ),
        (
            .invalid,
            [
                "no value for required variable", "invalid value for variable", "invalid value for input variable",
                "unsupported argument", "unsupported block type", "missing required argument",
                "reference to undeclared", "invalid reference", "invalid expression", "missing expression",
                "invalid function argument", "incorrect attribute value type", "duplicate resource",
                "duplicate variable", "duplicate provider", "duplicate module", "invalid resource type",
                "invalid count argument", "invalid for_each argument", "unsupported attribute", "invalid block",
                "argument or block definition required", "invalid character", "module not installed",
                "module not found", "unreadable module directory", "unsupported terraform core version",
                "terraform encountered problems during initialisation", "invalid provider configuration",
                "failed to read module directory", "no configuration files", "resource precondition failed",
                "invalid template interpolation value", "invalid type specification", "cycle:",
            ]
        ),
    ]

    /// Patterns of the table, split at their stars.
    private static let patterns = table.map { row in
        (code: row.code, patterns: row.patterns.map { $0.split(separator: "*").map { Array($0.utf8) } })
    }

    /// `.failed` when no pattern matches. It reads at most ``ChildBounds/textBytes``.
    static func classify(_ text: String) -> FailureCode {
        let bytes = text.utf8.prefix(ChildBounds.textBytes).map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
        let lines = bytes.split { $0 == 0x0a || $0 == 0x0d }
        for (code, patterns) in patterns
        where patterns.contains(where: { pattern in lines.contains { matches(pattern, $0) } }) {
            return code
        }
        return .failed
    }

    private static func matches(_ pattern: [[UInt8]], _ line: ArraySlice<UInt8>) -> Bool {
        line.withUnsafeBytes { line in
            var rest = line
            for part in pattern {
                guard let base = rest.baseAddress, let found = stoker_find_bytes(base, rest.count, part, part.count)
                else {
                    return false
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[(UnsafeRawPointer(found) - base + part.count)...])
            }
            return true
        }
    }
}
