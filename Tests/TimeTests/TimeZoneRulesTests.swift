// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing
import Time

@Suite struct TimeZoneRulesTests {
    @Test(arguments: TimeZoneFixtures.all)
    func `agrees with another reader at moments from 1900 to 2400`(zone: TimeZoneFixtures.Zone) throws {
        let rules = try zone.rules
        #expect(TimeZoneFixtures.moments.map { rules.offset(at: Instant(seconds: $0)) } == zone.offsets)
    }

    @Test(arguments: TimeZoneFixtures.all)
    func `changes at the very second`(zone: TimeZoneFixtures.Zone) throws {
        let rules = try zone.rules
        for change in zone.changes {
            let moment = Instant(seconds: change.moment)
            #expect(rules.offset(at: moment - .microseconds(1)) == change.before)
            #expect(rules.offset(at: moment) == change.after)
        }
    }

    @Test func `UTC and the empty name need no file, other names do`() throws {
        let kolkata = try TimeZoneFixtures.kolkata.rules
        #expect(TimeZoneRules.named("", in: [:]) == .utc)
        #expect(TimeZoneRules.named("UTC", in: [:]) == .utc)
        #expect(TimeZoneRules.named("Etc/UTC", in: [:]) == .utc)
        #expect(TimeZoneRules.named("Asia/Kolkata", in: [:]) == nil)
        #expect(TimeZoneRules.named("Asia/Kolkata", in: ["Asia/Kolkata": kolkata]) == kolkata)
        #expect(TimeZoneRules.utc.offset(at: .distantFuture) == 0)
    }

    @Test(arguments: [
        ("Europe/Paris", true), ("America/Argentina/Buenos_Aires", true), ("Etc/GMT+5", true),
        ("America/Port-au-Prince", true),
        ("EST5EDT", true), ("", false), ("/etc/passwd", false), ("../shadow", false), ("Europe/../../etc", false),
        ("Europe/", false), ("Europe//Paris", false), ("Europe/Paris\0", false), ("Europe\\Paris", false),
        ("Europa/Zürich", false),
        (".hidden", false), ("Europe/.", false),
    ])
    func `a name that could lead elsewhere is not well formed`(name: String, isWellFormed: Bool) {
        #expect(TimeZoneRules.isWellFormed(name: name) == isWellFormed)
    }

    @Test func `reads a file of version 1, which has no rule for later`() throws {
        var file = TZifBuilder(version: 0, transitions: [(100, 1), (200, 0)], offsets: [60, 120])
        let rules = try TimeZoneRules(tzif: file.bytes)
        #expect(
            [99, 100, 199, 200, 1_000_000].map { rules.offset(at: Instant(seconds: $0)) } == [60, 120, 120, 60, 60]
        )
        file.version = UInt8(ascii: "2")
        #expect(try TimeZoneRules(tzif: file.bytes) == rules)
    }

    @Test(arguments: [
        // 2024 is a leap year: J60 is 1 March in every year, 59 is 29 February in a leap year.
        ("AAA-1BBB,J60/0,J61/0", "2024-02-29T22:59:59Z", 3_600),
        ("AAA-1BBB,J60/0,J61/0", "2024-02-29T23:00:00Z", 7_200),
        ("AAA-1BBB,J60/0,J61/0", "2023-02-28T23:00:00Z", 7_200),
        ("AAA-1BBB,J60/0,J61/0", "2024-03-01T22:00:00Z", 3_600),
        ("AAA0BBB,59/0,60/0", "2024-02-29T00:00:00Z", 3_600), ("AAA0BBB,59/0,60/0", "2023-03-01T00:00:00Z", 3_600),
        ("AAA0BBB,59/0,60/0", "2023-02-28T23:59:59Z", 0),
        // Daylight saving all year round (RFC 9636, 3.3.1).
        ("XXX3EDT4,0/0,J365/23", "2025-01-01T03:00:00Z", -14_400),
        ("XXX3EDT4,0/0,J365/23", "2025-12-31T23:59:59Z", -14_400),
        ("XXX3EDT4,0/0,J365/23", "2026-01-01T02:59:59Z", -14_400),
        ("XXX3EDT4,0/0,J365/23", "2026-01-01T03:00:00Z", -14_400),
        // Times below zero and beyond a day, seconds, and quoted names.
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2025-03-30T00:59:59Z", -7_200),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2025-03-30T01:00:00Z", -3_600),
        ("EET-2EEST,M3.4.4/50,M10.4.4/50", "2025-03-29T00:00:00Z", 10_800),
        ("EET-2EEST,M3.4.4/50,M10.4.4/50", "2025-03-28T23:59:59Z", 7_200),
        ("AAA-1:02:03", "2025-01-01T00:00:00Z", 3_723), ("AAA+1:02:03", "2025-01-01T00:00:00Z", -3_723),
    ])
    func `follows the rule at the file's end`(footer: String, moment: String, offset: Int) throws {
        let instant = try #require(Instant(iso8601: moment))
        #expect(try TimeZoneRules(tzif: TZifBuilder(footer: footer).bytes).offset(at: instant) == offset)
    }

    @Test(arguments: [
        "AA0", "A-1B,J60/0,J61/0", "AAA", "AAA25", "AAA0BBB", "AAA0BBB,", "AAA0BBB,M3.2.0", "AAA0BBB,M13.2.0,M11.1.0",
        "AAA0BBB,M3.6.0,M11.1.0",
        "AAA0BBB,M3.2.7,M11.1.0", "AAA0BBB,J0,J100", "AAA0BBB,J366,J100", "AAA0BBB,366,100", "AAA0BBB,1/168,100",
        "AAA0BBB,1,100 ", "<AAA0", "AAA0:60", "AAA0BBB,M3.2.0,M11.1.0/2:00:60", "AAA0BBB,M3.2.,M11.1.0", "AAA0000",
    ])
    func `refuses a malformed rule`(footer: String) {
        #expect(throws: TimeZoneError(message: "the time zone rule '\(footer)' is malformed")) {
            try TimeZoneRules(tzif: TZifBuilder(footer: footer).bytes)
        }
    }

    @Test func `refuses what is no time zone file`() {
        func refuses(_ message: String, _ bytes: [UInt8], _ location: SourceLocation = #_sourceLocation) {
            #expect(throws: TimeZoneError(message: message), sourceLocation: location) {
                try TimeZoneRules(tzif: bytes)
            }
        }
        refuses("not a time zone file", TZifBuilder(magic: "TZif".uppercased(), version: 0).bytes)
        refuses("the time zone file is of an unknown version", TZifBuilder(version: 1).bytes)
        refuses("the time zone file is of an unknown version", TZifBuilder(version: UInt8(ascii: "5")).bytes)
        refuses("the time zone file has no local time", TZifBuilder(offsets: []).bytes)
        refuses("the time zone file has an offset of 93601 seconds", TZifBuilder(offsets: [93_601]).bytes)
        refuses(
            "the time zone file refers to a local time that it does not define",
            TZifBuilder(transitions: [(0, 1)]).bytes
        )
        refuses(
            "the time zone file's transitions are not in order",
            TZifBuilder(transitions: [(5, 0), (5, 0)]).bytes
        )
        refuses(
            "the time zone file counts leap seconds; use the one outside 'right/'",
            TZifBuilder(leapCount: 1).bytes
        )
    }

    @Test(arguments: TimeZoneFixtures.all)
    func `a file that ends too early is refused wherever it ends`(zone: TimeZoneFixtures.Zone) {
        let bytes = zone.bytes
        for length in 0..<bytes.count {
            #expect(throws: TimeZoneError.self) { try TimeZoneRules(tzif: Array(bytes.prefix(length))) }
        }
    }

    @Test func `bytes changed at random are read or refused, and nothing worse`() {
        var generator = SeededGenerator(seed: 3)
        let original = TimeZoneFixtures.lordHowe.bytes
        for _ in 0..<5_000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(
                    in: .min ... .max,
                    using: &generator
                )
            }
            guard let rules = try? TimeZoneRules(tzif: bytes) else { continue }
            let moment = TimeZoneFixtures.moments[Int.random(in: 0..<60, using: &generator)]
            #expect(abs(rules.offset(at: Instant(seconds: moment))) <= 26 * 3_600)
        }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/UTC")))
    func `reads every zone of this system`() throws {
        let directory = "/usr/share/zoneinfo"
        var count = 0
        for path in try FileManager.default.subpathsOfDirectory(atPath: directory) where !path.hasPrefix("right/") {
            guard let data = FileManager.default.contents(atPath: "\(directory)/\(path)"),
                data.starts(with: Array("TZif".utf8))
            else { continue }
            let rules = try TimeZoneRules(tzif: Array(data))
            #expect(abs(rules.offset(at: Instant(seconds: 1_748_833_200))) <= 14 * 3_600, "\(path)")
            count += 1
        }
        #expect(count >= 300)
    }
}
