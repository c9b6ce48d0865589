// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Templates
import Testing
import Time

@testable import Commands

@Suite struct UnknownCommandTests {
    @Test(arguments: [
        ("statsu", "there is no command 'stoker statsu'. Did you mean 'stoker status'? See 'stoker --help'."),
        (
            "templates psuh x",
            "there is no command 'stoker templates psuh'. Did you mean 'stoker templates push'? See 'stoker templates --help'."
        ),
        ("push x", "there is no command 'stoker push'. Did you mean 'stoker templates push'? See 'stoker --help'."),
        (
            "rotate-secret",
            "there is no command 'stoker rotate-secret'. Did you mean 'stoker webhooks rotate-secret'?"
                + " See 'stoker --help'."
        ),
        ("xyzzy", "there is no command 'stoker xyzzy'. See 'stoker --help'."),
    ])
    func `what was meant is suggested`(line: String, message: String) {
        let error = UnknownCommand.error(in: line.split(separator: " ").map(String.init))
        #expect(error?.description == message)
        #expect(error?.status == .usage)
    }

    @Test(arguments: [
        "", "status --watch", "--version", "help statsu", "templates push statsu", "templates", "--help statsu",
    ])
    func `what the parser takes is left to it`(line: String) {
        #expect(UnknownCommand.error(in: line.split(separator: " ").map(String.init)) == nil)
    }
}

@Suite struct LocalZoneTests {
    private static let moment = Instant(seconds: 1_796_000_000)

    private static func zone(_ variable: String?, file: String? = nil, name: String? = nil) -> LocalZone {
        LocalZone(environment: variable.map { ["TZ": $0] } ?? [:], systemFile: file, systemName: name)
    }

    @Test(
        arguments: [
            ("Europe/Berlin", nil, nil, "2026-11-30 01:53:20 Europe/Berlin"),
            (":America/New_York", nil, nil, "2026-11-29 19:53:20 America/New_York"),
            ("/usr/share/zoneinfo/Asia/Kolkata", nil, nil, "2026-11-30 06:23:20 Asia/Kolkata"),
            (nil, "../usr/share/zoneinfo/Europe/Berlin", "Asia/Tokyo", "2026-11-30 01:53:20 Europe/Berlin"),
            (nil, nil, "Asia/Tokyo\n", "2026-11-30 09:53:20 Asia/Tokyo"),
            (nil, "/usr/share/zoneinfo/Etc/UTC", nil, "2026-11-30 00:53:20 UTC"),
            ("Nowhere/Land", "/usr/share/zoneinfo/Europe/Berlin", nil, "2026-11-30 00:53:20 UTC"),
            ("", "/usr/share/zoneinfo/Europe/Berlin", nil, "2026-11-30 00:53:20 UTC"),
            (nil, nil, nil, "2026-11-30 00:53:20 UTC"),
        ] as [(String?, String?, String?, String)]
    )
    func `times are the user's, with the zone's name`(_ variable: String?, file: String?, name: String?, text: String) {
        #expect(Self.zone(variable, file: file, name: name).text(Self.moment) == text)
    }

    @Test func `ages and durations are whole units`() {
        let now = Self.moment
        #expect(Shown.age(of: now - .seconds(180), now: now) == "3m")
        #expect(Shown.span(from: nil, to: nil, now: now) == "")
        #expect(Shown.span(from: now - .seconds(30), to: nil, now: now) == "30s")
        #expect(Shown.span(from: now - .seconds(9_000), to: now - .seconds(1_000), now: now) == "2h")
    }
}

@Suite struct ScreenTests {
    @Test func `a screen shows as much as fits, and says how much is left`() {
        let text = "0123456789\nshort\n\nlast"
        #expect(Console.fitting(text, TerminalSize(rows: 4, columns: 10)) == ["0123456789", "short", "", "last"])
        #expect(
            Console.fitting(text, TerminalSize(rows: 3, columns: 8))
                == ["0123456>", "short", "... 2 mo"]
        )
        #expect(Console.fitting(text, TerminalSize(rows: 1, columns: 80)).count == 1)
    }
}
