// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Prebuilds
import Synchronization
package import Time

/// The system's time zone files, read once each.
///
/// Foundation's own time zones are silently missing from a static build, so schedules never use them
/// (Documentation/Decisions/0013-time-zones-and-cron.md).
package final class ZoneDirectory: Sendable {
    private let directory: String
    private let known = Mutex<[String: TimeZoneRules?]>([:])

    package init(directory: String = "/usr/share/zoneinfo") {
        self.directory = directory
    }

    /// The rules of an IANA name; `nil` when the system has no such zone.
    package func rules(named name: String) -> TimeZoneRules? {
        if name.isEmpty || name == "UTC" { return .utc }
        if let rules = known.withLock({ $0[name] }) { return rules }
        let rules = read(name)
        known.withLock { $0[name] = .some(rules) }
        return rules
    }

    /// The zones that a snapshot's schedules name.
    package func rules(for snapshot: Snapshot) -> [String: TimeZoneRules] {
        let zones = snapshot.timeZones.compactMap { name in rules(named: name).map { (name, $0) } }
        return Dictionary(uniqueKeysWithValues: zones)
    }

    private func read(_ name: String) -> TimeZoneRules? {
        guard TimeZoneRules.isWellFormed(name: name),
            let data = FileManager.default.contents(atPath: "\(directory)/\(name)")
        else { return nil }
        return try? TimeZoneRules(tzif: Array(data))
    }
}
