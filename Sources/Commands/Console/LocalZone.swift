// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Templates
import Time

/// The time zone of the person at the terminal.
struct LocalZone: Sendable {
    /// As people know it: an IANA name, or UTC.
    let name: String
    private let rules: TimeZoneRules

    /// That of this process: the variable `TZ`, else the system's, else UTC.
    static let current = LocalZone(
        environment: Host.environment,
        systemFile: try? FileManager.default.destinationOfSymbolicLink(atPath: "/etc/localtime"),
        systemName: FileManager.default.contents(atPath: "/etc/timezone").map { String(decoding: $0, as: UTF8.self) }
    )

    /// - Parameters:
    ///   - systemFile: Where `/etc/localtime` leads.
    ///   - systemName: The content of `/etc/timezone`.
    init(
        environment: [String: String],
        systemFile: String?,
        systemName: String?,
        zones: ZoneDirectory = ZoneDirectory()
    ) {
        // TZ may begin with a colon (POSIX), and may be a path.
        let given = environment["TZ"].map { String($0.trimmingPrefix(":")) }
        let candidates = given.map { [$0] } ?? [systemFile, systemName].compactMap(\.self)
        for candidate in candidates {
            let words = candidate.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
            let name = words.firstRange(of: "zoneinfo/").map { String(words[$0.upperBound...]) } ?? words
            guard !name.isEmpty, let rules = zones.rules(named: name) else { continue }
            self.name = ["Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Universal"].contains(name) ? "UTC" : name
            self.rules = rules
            return
        }
        name = "UTC"
        rules = .utc
    }

    /// `2026-11-29 18:16:20 Europe/Berlin`, without fractions of a second.
    func text(_ instant: Instant) -> String {
        let local = Instant(seconds: instant.seconds + Int64(rules.offset(at: instant)))
        return local.iso8601.dropLast().replacing("T", with: " ") + " " + name
    }
}
