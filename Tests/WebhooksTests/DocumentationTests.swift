// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import FoundationEssentials
import HTTPTypes
import Subprocess
import SystemPackage
import TestSupport
import Testing
import Time
import Webhooks

/// The functions on the page for receivers: each accepts a request as it is really sent, and refuses one that was
/// changed on the way.
@Suite(.timeLimit(.minutes(1))) struct DocumentationTests {
    /// A request as a receiver has it.
    private struct Received: Encodable {
        var secret: String
        var headers: [String: String]
        var body: String
    }

    private let secret = SigningKey.randomSecret()

    /// One genuine request, one during a rotation, and several forged ones; with whether each is to be accepted.
    private func requests() throws -> [(request: Received, isTrue: Bool)] {
        func request(_ keys: [SigningKey], at now: Instant = .ofThisMachine()) throws -> Received {
            let target = try EndpointTarget(
                url: EndpointURL("https://example.com/"),
                envelope: .standard,
                keys: keys,
                concurrencyKey: ""
            )
            let message = try #require(Envelope.standard.messages(for: Samples.event(.poolDepleted)).first)
            let sent = try target.request(id: message.id, body: message.body, contentType: message.contentType, at: now)
            return Received(
                secret: secret.encoded,
                headers: Dictionary(uniqueKeysWithValues: sent.headers.map { ($0.name.canonicalName, $0.value) }),
                body: String(decoding: sent.body, as: UTF8.self)
            )
        }
        let genuine = try request([secret])
        var changed = genuine
        changed.body += " "
        var renamed = genuine
        renamed.headers["webhook-id"] = "\(DeliveryID.random())"
        var later = genuine
        later.headers["webhook-timestamp"] = "\(Instant.ofThisMachine().seconds + 1)"
        return [
            (genuine, true), (try request([.randomEd25519(), .randomSecret(), secret]), true), (changed, false),
            (renamed, false), (later, false), (try request([.randomSecret()]), false),
            (try request([secret], at: .ofThisMachine() - .seconds(600)), false),
        ]
    }

    private static let languages: [(name: String, interpreter: [String], file: String, driver: String)] = [
        (
            "python", [WebhookReceiver.python([]).executable.string] + WebhookReceiver.python([]).arguments,
            "verify.py",
            """
            import json, sys
            for line in sys.stdin:
                r = json.loads(line)
                print(str(verify(r["secret"], r["headers"], r["body"].encode())).lower())
            """
        ),
        (
            "javascript", ["/usr/bin/env", "node"], "verify.mjs",
            """
            import { readFileSync } from "node:fs";
            for (const line of readFileSync(0, "utf8").trim().split("\\n")) {
              const r = JSON.parse(line);
              console.log(verify(r.secret, r.headers, Buffer.from(r.body)));
            }
            """
        ),
    ]

    @Test(arguments: ["python", "javascript", "go"])
    func `a snippet accepts what is true and nothing else`(language: String) async throws {
        guard let program = try await program(language) else { return }
        let requests = try requests()
        let encoder = JSONEncoder()
        let lines = try requests.map { String(decoding: try encoder.encode($0.request), as: UTF8.self) + "\n" }
        let input = try await TestArea.shared.makeDirectory("requests").appending("lines").string
        try lines.joined().write(toFile: input, atomically: true, encoding: .utf8)
        let command = program.map { "'\($0)'" }.joined(separator: " ") + " < '\(input)'"
        let outcome = try await RunningProcess.outcome(of: "/bin/sh", ["-c", command], within: .seconds(50))
        #expect(outcome.status.isSuccess, "\(outcome.standardError)")
        #expect(outcome.standardOutput == requests.map { "\($0.isTrue)" })
    }

    @Test func `the Swift snippet is the one that is compiled here, and does the same`() throws {
        let file = FilePath("\(#filePath)").removingLastComponent().appending("ReceiverSnippet.swift").string
        let compiled = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n\n", maxSplits: 1)[1]
        #expect(try Self.snippet("swift") == compiled)
        for (request, isTrue) in try requests() {
            #expect(verify(secret: request.secret, headers: request.headers, body: Data(request.body.utf8)) == isTrue)
        }
    }

    /// The command that reads requests line by line; `nil` if the language is not installed.
    private func program(_ language: String) async throws -> [String]? {
        let directory = try await TestArea.shared.makeDirectory("snippet")
        let snippet = try Self.snippet(language)
        func write(_ name: String, _ text: String) throws -> String {
            let path = directory.appending(name).string
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }
        if let known = Self.languages.first(where: { $0.name == language }) {
            guard try await Self.isThere(known.interpreter + ["--version"]) else { return nil }
            return known.interpreter + [try write(known.file, snippet + "\n" + known.driver + "\n")]
        }
        guard try await Self.isThere(["/usr/bin/env", "go", "version"]) else { return nil }
        return ["/usr/bin/env", "go", "run", try write("verify.go", snippet), try write("main.go", Self.goDriver)]
    }

    private static let goDriver = """
        package main

        import (
        	"bufio"
        	"encoding/json"
        	"fmt"
        	"net/http"
        	"os"
        )

        func main() {
        	lines := bufio.NewScanner(os.Stdin)
        	lines.Buffer(nil, 1<<20)
        	for lines.Scan() {
        		var r struct {
        			Secret, Body string
        			Headers      map[string]string
        		}
        		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
        			panic(err)
        		}
        		header := http.Header{}
        		for name, value := range r.Headers {
        			header.Set(name, value)
        		}
        		fmt.Println(Verify(r.Secret, header, []byte(r.Body)))
        	}
        }
        """

    private static func isThere(_ command: [String]) async throws -> Bool {
        try await RunningProcess.outcome(of: FilePath(command[0]), Array(command.dropFirst())).status.isSuccess
    }

    /// The page's only block in that language.
    private static func snippet(_ language: String) throws -> String {
        let page = FilePath("\(#filePath)").removingLastComponent().appending("../../Documentation/webhooks.md").string
        let text = try String(contentsOfFile: page, encoding: .utf8)
        let blocks = text.split(separator: "```\(language)\n").dropFirst()
        try #require(blocks.count == 1)
        return String(try #require(blocks.first?.split(separator: "```\n").first))
    }
}
