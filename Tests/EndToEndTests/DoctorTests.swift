// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Subprocess
import TestSupport
import Testing

/// `stoker doctor` with the built binary: it names what is missing, and what to do.
@Suite(.timeLimit(.minutes(3))) struct DoctorTests {
    private struct Finding: Decodable {
        let check: String
        let state: String
        let message: String
        let remedy: String
    }

    private static func findings(_ fleet: Fleet, _ settings: String...) async throws -> [Finding] {
        let arguments = ["doctor", "--output", "json"] + settings.flatMap { ["--set", $0] }
        let outcome = try await fleet.stoker(arguments)
        return try JSONDecoder().decode([Finding].self, from: Data(outcome.standardOutput.joined(separator: "\n").utf8))
    }

    @Test(.database(.currentSchema)) func `what is missing is named, with what to do`() async throws {
        let fleet = try await Fleet()
        let worker = try await fleet.worker("one")
        try await fleet.run("templates", "push", Fleet.example("terraform-local"))
        try await fleet.run("webhooks", "add", "chat", "https://example.com/x")
        try await DatabaseWatch.on(fleet.database) { watch in
            _ = try await watch.column(
                """
                UPDATE webhook_endpoints SET failing_since = now() - interval '1 hour', consecutive_failures = 7,
                    last_error = 'refused' RETURNING name
                """
            )
        }
        let broken = try await Self.findings(
            fleet,
            "terraform.binary=/nowhere/terraform",
            "http.address=0.0.0.0:8099"
        )
        for (check, words) in [
            ("encryption key", "STOKER_ENCRYPTION_KEY_FILE"), ("terraform", "terraform.binary"),
            ("terraform templates", "terraform-local"), ("public URL", "http.public_url"),
            ("webhook chat", "7 times in a row"),
        ] {
            let finding = try #require(broken.first { $0.check == check }, "\(check)")
            #expect(finding.state == "warning", "\(finding)")
            #expect(!finding.remedy.isEmpty && "\(finding.message) \(finding.remedy)".contains(words), "\(finding)")
        }
        let key = Data((0..<32).map { UInt8($0) }).base64EncodedString()
        let whole = try await Self.findings(fleet, "http.public_url=https://stoker.example", "encryption.key=\(key)")
        for check in ["encryption key", "terraform", "public URL", "tags", "notifications", "workers"] {
            #expect(whole.first { $0.check == check }?.state == "ok", "\(check)")
        }
        #expect(!whole.contains { $0.check == "terraform templates" })
        worker.send(.terminate)
        try await worker.exit(within: .seconds(60))
    }
}
