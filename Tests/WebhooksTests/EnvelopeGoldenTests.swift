// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import FoundationEssentials
import Subprocess
import SystemPackage
import TestSupport
import Testing
import Webhooks

/// The bodies that receivers rely on, byte by byte. A wanted change: run with STOKER_UPDATE_GOLDEN=1, review the diff.
@Suite struct EnvelopeGoldenTests {
    private static let golden = FilePath("\(#filePath)").removingLastComponent().appending("Golden")

    private func compare(_ bytes: [UInt8], _ folder: String, _ type: EventType) throws {
        let path = Self.golden.appending(folder).appending("\(type.rawValue).json").string
        if ProcessInfo.processInfo.environment["STOKER_UPDATE_GOLDEN"] != nil {
            let directory = Self.golden.appending(folder).string
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(filePath: path))
        }
        let expected = try Data(contentsOf: URL(filePath: path))
        #expect(String(decoding: bytes, as: UTF8.self) == String(decoding: expected, as: UTF8.self))
    }

    @Test(arguments: Envelope.allCases, EventType.allCases)
    func `a body is what it always was`(envelope: Envelope, type: EventType) throws {
        let messages = envelope.messages(for: Samples.event(type)) { Samples.delivery }
        let message = try #require(messages.first)
        #expect(messages.count == 1)
        #expect(message.id == Samples.delivery)
        try compare(message.body, envelope.rawValue, type)
    }

    @Test(arguments: EventType.allCases)
    func `a schema is what it always was`(type: EventType) throws {
        try compare(EventCatalogue.description(of: type.rawValue).schema.encoded, "schema", type)
    }

    @Test(.timeLimit(.minutes(1)))
    func `the bodies satisfy their schemas and the CloudEvents SDK`() async throws {
        let script = WebhookReceiver.script("check_bodies.py").string
        let python = WebhookReceiver.python([script, Self.golden.string])
        let outcome = try await RunningProcess.outcome(of: python.executable, python.arguments)
        #expect(outcome.standardOutput == ["\(EventType.allCases.count) types checked"])
        #expect(outcome.status.isSuccess, "\(outcome.standardError)")
    }
}
