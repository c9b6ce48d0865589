// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The console in a browser (`console.py`), on workers with real pools.
@Suite struct ConsoleTests {
    private struct Token: Decodable { let token: String }

    private static let python = ProcessInfo.processInfo.environment["STOKER_TEST_PYTHON"] ?? "python3"
    private static let chromium = ProcessInfo.processInfo.environment["STOKER_TEST_CHROMIUM"] ?? "/usr/bin/chromium"
    private static let isInstalled =
        access(chromium, X_OK) == 0
        && access(FilePath(python).removingLastComponent().appending("playwright").string, X_OK) == 0

    @Test(
        .database(.currentSchema),
        .enabled(if: isInstalled, "needs chromium and playwright: Scripts/setup chromium"),
        .timeLimit(.minutes(5))
    )
    func `people of every role read, act and keep what they see, while the server starts anew`() async throws {
        let fleet = try await Fleet(settings: [
            "STOKER_PREBUILDS_FAILURE_HARD_LIMIT": "2", "STOKER_HTTP_REQUEST_RATE": "0",
        ])
        var worker = try await fleet.worker("one")
        let server = try await RemotePathTests.address(of: worker)
        var tokens: [String: String] = [:]
        for (name, role) in [("ada", "member"), ("tess", "template-admin"), ("oona", "owner"), ("gone", "member")] {
            try await fleet.run("users", "add", name, "--role", role)
            tokens[name] = try await fleet.json(Token.self, "tokens", "add", "test", "--user", name).token
        }
        try await fleet.run("templates", "push", Fleet.example("process-local"))
        for (manifest, program) in Self.templates {
            try await fleet.run("templates", "push", try PoolReportTests.template(fleet, manifest, program))
        }
        let facts = [
            "server": server, "directory": fleet.directory.string, "chromium": Self.chromium,
            "shots": ProcessInfo.processInfo.environment["STOKER_TEST_SHOTS"]
                ?? fleet.directory.appending("shots").string,
        ].merging(tokens) { first, _ in first }
        let script = FilePath("\(#filePath)").removingLastComponent().appending("console.py")
        let browser = try await RunningProcess.start(
            FilePath(Self.python),
            [script.string, String(decoding: try JSONEncoder().encode(facts), as: UTF8.self)]
        )
        // One look at a page is open while its server is away.
        _ = try await browser.line("the page to be open", within: .seconds(180)) { $0.text == "stop the server" }
        try await worker.end()
        _ = try await browser.line("the page to say so", within: .seconds(90)) { $0.text == "start the server" }
        worker = try await fleet.worker(
            "one",
            settings: ["STOKER_HTTP_ADDRESS": String(server.dropFirst("http://".count))]
        )
        _ = try await RemotePathTests.address(of: worker)
        let status = try await browser.exit(within: .seconds(180))
        #expect(status.isSuccess, "\(browser.lines.map(\.text).joined(separator: "\n"))")
        try await worker.end()
    }

    /// A pool that fails, one with a schedule, and one whose builds wait until they are told to go on.
    private static let templates = [
        (
            """
            name: doomed
            provisioner: process
            presets: [{ name: a-preset-with-quite-a-long-name-for-its-column, prebuilds: { instances: 1 } }]
            """,
            #"""
            printf '%s\n' '{"type":"log","level":"error","output":"the registry said no"}'
            printf '%s\n' '{"type":"result","error":"there is no image blue\nsecond line","code":"INVALID"}'
            exit 1
            """#
        ),
        (
            """
            name: office
            provisioner: process
            presets:
              - name: weekdays
                prebuilds:
                  instances: 0
                  scheduling: { timezone: Europe/Berlin, schedule: [{ cron: "* 8-18 * * 1-5", instances: 1 }] }
            """,
            "cat >/dev/null\n"
        ),
        (
            """
            name: slow
            provisioner: process
            presets: [{ name: only, prebuilds: { instances: 0 } }]
            """,
            #"""
            printf '%s\n' '{"type":"log","level":"info","stage":"prepare","output":"\u001b[32mgreen\u001b[0m start"}'
            while [ ! -e "$WORKSPACES_DIRECTORY/go" ]; do sleep 0.2; done
            printf '%s\n' '{"type":"log","level":"warn","stage":"finish","output":"the end of it"}'
            """#
        ),
    ]
}
