// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import Time

extension EndpointReport {
    /// The keys that are shown once; empty when there are none.
    var keysText: String {
        (secret.map { "\nIts secret, shown only now:\n\($0)" } ?? "")
            + (publicKey.map { "\nThe public key of its Ed25519 signatures:\n\($0)" } ?? "")
    }
}

extension EndpointReport: TableRow {
    static let whenNone = "There are no webhook endpoints. Add one with 'stoker webhooks add NAME URL'."

    static var columns: [Table.Column<Self>] {
        [
            .init("name") { $0.name },
            .init("url") { $0.url },
            .init("events") { $0.events.isEmpty ? "all" : $0.events.joined(separator: ", ") },
            .init("about") { $0.filter.text.isEmpty ? "all" : $0.filter.text },
            .init("envelope") { $0.envelope.text },
            .init("enabled") { $0.enabled ? "yes" : "no: \($0.disabledReason)" },
            .init("from") { $0.source.text },
        ]
    }
}

extension EndpointDetailsReport {
    var text: String {
        let state =
            enabled ? (circuit == .open ? "enabled; circuit open until a probe succeeds" : "enabled") : "disabled"
        let rows: [(String, String)] = [
            ("name", name), ("url", url), ("events", events.isEmpty ? "all" : events.joined(separator: ", ")),
            ("about", filter.text.isEmpty ? "all" : filter.text),
            ("envelope", envelope.text), ("headers", headers.joined(separator: ", ")),
            ("signatures", signatures.joined(separator: ", ")),
            ("previous secret until", previousSecretUntil.map { Shown.time($0) } ?? ""),
            ("concurrency", "\(concurrency)"),
            ("state", disabledReason.isEmpty ? state : "\(state): \(disabledReason)"), ("from", source.text),
            ("failures in a row", "\(consecutiveFailures)"),
            ("failing since", failingSince.map { Shown.time($0) } ?? ""),
            ("next probe", nextProbeAt.map { Shown.time($0) } ?? ""), ("last error", lastError),
            ("last success", lastSuccessAt.map { Shown.time($0) } ?? "never"), ("waiting", "\(waiting)"),
            ("dead letters", "\(deadLetters)"),
        ]
        return Table(rows, empty: "", [.init("what") { $0.0 }, .init("value") { $0.1 }]).text
    }
}
