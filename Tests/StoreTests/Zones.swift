// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Time

/// Time zones as the system has them.
enum Zones {
    static func load(_ names: [String]) throws -> [String: TimeZoneRules] {
        var zones: [String: TimeZoneRules] = [:]
        for name in names {
            let file = try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/\(name)"))
            zones[name] = try TimeZoneRules(tzif: Array(file))
        }
        return zones
    }
}
