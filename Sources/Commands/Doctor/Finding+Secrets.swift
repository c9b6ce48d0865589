// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Operations
import Store
import Time

extension Finding {
    /// Whether secrets are encrypted in the database. Everything works without a key, so nothing else reports its
    /// absence.
    static func encryption(_ settings: Settings) throws(SettingsError) -> Finding {
        let check = "encryption key"
        guard let keys = try settings[\.encryptionKey], !keys.isEmpty else {
            return Finding(
                check,
                .warning,
                "encryption.key is not set: workspaces' states and webhooks' secrets are in the database as plain text",
                remedy: "Make a key with 'openssl rand -base64 32', keep a copy of it, and give it to every worker as "
                    + "STOKER_ENCRYPTION_KEY_FILE."
            )
        }
        let older = keys.split(separator: ",").count - 1
        let others =
            older > 0 ? ", and \(older) earlier \(older == 1 ? "key opens" : "keys open") what they sealed" : ""
        return Finding(check, .ok, "states and webhooks' secrets are encrypted\(others)")
    }

    /// The health of a webhook endpoint: whether it is disabled, fails, or was never reached.
    static func endpoint(_ details: EndpointDetails) -> Finding {
        let endpoint = details.endpoint
        let check = "webhook \(endpoint.name)"
        let test = "'stoker webhooks test \(endpoint.name)'"
        guard endpoint.isEnabled else {
            return Finding(
                check,
                .warning,
                "it is disabled: \(endpoint.health.disabledReason)",
                remedy: "Mend the receiver, then \(test)."
            )
        }
        if let since = endpoint.health.circuit.failingSince {
            let failures = endpoint.health.circuit.consecutiveFailures
            let spared =
                endpoint.health.circuit.state == .closed ? "" : "; only probes are sent until one succeeds"
            return Finding(
                check,
                .warning,
                "\(endpoint.shownURL) has been failing since \(Shown.time(since)), "
                    + "\(failures == 1 ? "once" : "\(failures) times in a row"); \(endpoint.health.lastAnswer), and "
                    + "\(details.waiting) deliveries wait\(spared)",
                remedy: "Repair the receiver or the network to it, then \(test); "
                    + "'stoker webhooks show \(endpoint.name)' shows more."
            )
        }
        if details.deadLetters > 0 {
            return Finding(
                check,
                .warning,
                "\(endpoint.shownURL) works, and \(details.deadLetters) earlier deliveries to it are dead letters",
                remedy: "See 'stoker webhooks deliveries --failed'; 'stoker webhooks replay' sends them again."
            )
        }
        let last = endpoint.health.lastSuccessAt.map { "the last delivery arrived at \(Shown.time($0))" }
        return Finding(check, .ok, "\(endpoint.shownURL) is enabled; \(last ?? "nothing was sent to it yet")")
    }
}

extension EndpointHealth {
    fileprivate var lastAnswer: String {
        let status = lastStatus.map { "the last answer was \($0)" } ?? "the last attempt got no answer"
        return lastError.isEmpty ? status : "\(status) (\(lastError))"
    }
}
