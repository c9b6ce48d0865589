// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import FoundationEssentials
import Synchronization

@testable import Provisioning

/// What children print and write.
extension FuzzTarget {
    /// Keeps what is reported.
    private final class Recorder: ExecutionReporter {
        let lines = Mutex<[LogLine]>([])

        func log(_ line: LogLine) { lines.withLock { $0.append(line) } }
        func timing(_ timing: StageTiming) {}
        func checkpoint(_ state: [UInt8]) async {}
        func replacing(_ replacements: [Replacement]) async {}
    }

    /// The lines of an output that comes in chunks of a size.
    private static func split(_ bytes: [UInt8], into size: Int, limit: LineLimit) -> [OutputLine] {
        var splitter = LineSplitter(limit: limit)
        var lines: [OutputLine] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let chunk = bytes[start..<min(start + size, bytes.count)]
            chunk.withUnsafeBytes { chunk in splitter.take(chunk) { lines.append($0) } }
        }
        splitter.finish { lines.append($0) }
        return lines
    }

    private static let jsonWords = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud800", "\\\\u0000", "null", "true", "-0", "1e400",
        "\n", "\r\n",
        "\u{0}", "\u{2028}",
    ]

    static let protocolLines = FuzzTarget(
        name: "protocol",
        words: jsonWords + [
            #"{"type":"log","output":"x"}"#, #"{"type":"state","state":{"a":1}}"#, #"{"type":"state","state":null}"#,
            #"{"type":"resource","resource_type":"vm","name":"a","daily_cost":1}"#, #"{"type":"agent","name":"main"}"#,
            #"{"type":"replacement","address":"a","paths":["b"]}"#,
            #"{"type":"result","error":"no","code":"CAPACITY"}"#,
            #""type":"#, #""state":"#, #""st\u0061te":1,"#, #""daily_cost":99999999999"#, "\u{1b}[2J", "\u{202e}",
        ]
    ) { bytes in
        let bounds = ChildBounds(stateBytes: 32 << 10)
        for limit in [LineLimit(), LineLimit(any: 16, object: 64), ProcessMessage.limit(bounds)] {
            let whole = split(bytes, into: max(bytes.count, 1), limit: limit)
            try hold(whole == split(bytes, into: 7, limit: limit), "lines depend on how the output is cut")
            let most = max(limit.any, limit.object)
            try hold(whole.allSatisfy { $0.bytes.count <= most }, "a line of more than \(most) bytes")
            let ends = bytes.count { $0 == UInt8(ascii: "\n") }
            let all = whole.reduce(0) { $0 + $1.bytes.count + $1.omitted }
            try hold(all <= bytes.count && all + 2 * ends + 1 >= bytes.count, "bytes that are in no line")
        }
        for line in split(bytes, into: 1 << 16, limit: ProcessMessage.limit(bounds)) {
            try hold(!line.kept.unicodeScalars.contains("\u{0}"), "a NUL in a line of the log")
            func read() throws -> ProcessMessage? {
                do throws(BoundExceeded) {
                    return try ProcessMessage.read(line, bounds)
                } catch {
                    try hold(!error.description.isEmpty && error.description.utf8.count < 4096, "\(error)")
                    return nil
                }
            }
            guard let message = try read() else { continue }
            try hold(try read() == message, "a line is read in two ways")
            switch message {
            case .state(let state):
                try hold(JSONScan(state).isWhole, "a state that is no JSON: \(String(decoding: state, as: UTF8.self))")
                try hold(state.count <= bounds.stateBytes, "a state of \(state.count) bytes")
            case .resource(let resource):
                try hold(ChildBounds.dailyCost.contains(resource.dailyCost), "it costs \(resource.dailyCost)")
                try hold(
                    resource.name.utf8.count <= ChildBounds.nameBytes,
                    "a name of \(resource.name.utf8.count) bytes"
                )
            case .agent(let name):
                try hold(name.utf8.count <= ChildBounds.nameBytes && !name.utf8.contains(0), "the name \(name)")
            case .output(let output):
                try hold(output.name.utf8.count <= ChildBounds.nameBytes, "a name of \(output.name.utf8.count) bytes")
                try hold((try? JSON(parsing: output.json)) != nil, "an output that is no JSON: \(output.json)")
            case .log, .replacement, .result: break
            }
        }
    }

    static let terraformLog = FuzzTarget(
        name: "terraform-log",
        words: jsonWords + [
            #"{"@level":"info","@message":"x","type":"apply_start","hook":{"resource":{"addr":"a.b"},"action":"create"}}"#,
            #"{"@level":"error","@message":"x","type":"diagnostic","diagnostic":{"severity":"error","summary":"s"}}"#,
            #"{"@level":"info","@message":"x","type":"planned_change","change":{"action":"replace"}}"#, #""@message":"#,
            "secret-value", "╷", "│ Error: ", "\u{1b}[31m",
        ]
    ) { bytes in
        let recorder = Recorder()
        let control = ExecutionControl(leaseUntil: .now + .seconds(600))
        let log = TerraformLog(
            stage: "plan",
            log: ExecutionLog(recorder, control, Redactor(secrets: ["secret-value"]))
        )
        for line in split(bytes, into: 1 << 16, limit: LineLimit(object: ChildBounds.messageBytes)) {
            if case .lines(_, _, let take) = log.structured { take(line) }
            if case .lines(_, _, let take) = log.errors { take(line) }
        }
        let lines = recorder.lines.withLock { $0 }
        try hold(lines.allSatisfy { !$0.output.contains(where: \.isNewline) }, "a line with an end inside")
        try hold(lines.allSatisfy { !$0.output.contains("secret-value") }, "a secret in the log")
        let failure = log.failure(.exited(1))
        try hold(!failure.message.isEmpty && !failure.message.contains("secret-value"), "a failure: \(failure.message)")
    }

    static let terraformPlan = FuzzTarget(
        name: "terraform-plan",
        words: jsonWords + [
            #""resource_changes":"#, #""change":"#, #""actions":["delete","create"]"#, #""replace_paths":[["a",0]]"#,
            #""address":"a.b""#, #""values":"#, #""root_module":"#, #""child_modules":["#, #""resources":["#,
            #""mode":"managed","type":"t","name":"n""#,
        ]
    ) { bytes in
        let data = Data(bytes)
        if let plan = try? JSONDecoder().decode(TerraformPlan.self, from: data) {
            try hold(plan.replacements == plan.replacements, "a plan is read in two ways")
        }
        if let state = try? JSONDecoder().decode(TerraformState.self, from: data) {
            try hold(state.resources.count <= bytes.count, "more resources than bytes")
        }
    }

    static let stateFile = FuzzTarget(
        name: "state",
        words: jsonWords + [
            #"{"version":4,"serial":1,"resources":["#, #""instances":["#, #"{"index_key":"a","attributes":{"id":"1"}}"#,
            #"{"index_key":0,"attributes":{"id":"2"}}"#, #""deposed":"00000000","#, #""module":"module.a","#,
            #"{"mode":"managed","type":"t","name":"n","instances":[]}"#, #""version":4"#,
            #""serial":9223372036854775807"#,
            "STKR\u{1}", "STKR\u{2}",
        ]
    ) { bytes in
        if let state = TerraformStateFile(bytes) {
            try hold(state.managed.allSatisfy { !$0.address.isEmpty }, "a resource without an address")
        }
        let older = #"{"version":4,"serial":1,"resources":[{"mode":"managed","type":"t","name":"n","instances":[]}]}"#
        for other in [Array(older.utf8), bytes] {
            let joined = TerraformStates.takingOver(bytes, into: other)
            for result in [joined.state, joined.rest].compactMap(\.self) where result != bytes && result != other {
                try hold(JSONScan(result).isWhole, "what is joined is no state")
            }
            guard let state = joined.state, JSONScan(bytes).isWhole else { continue }
            let again = TerraformStates.takingOver(bytes, into: state)
            try hold(again.state == state, "what was taken over is taken over again")
        }
        let cleaned = RawJSON.replacingNULs(in: bytes)
        try hold(RawJSON.replacingNULs(in: cleaned) == cleaned, "what is cleaned is not clean")
        // Whatever the database holds: an error, or a state.
        let key = [UInt8](repeating: 7, count: 32)
        let codec = try StateCodec(keys: [key])
        if let opened = try? codec.open(bytes) { try hold(opened == bytes, "a state that nobody has sealed") }
        try hold(try codec.open(try codec.seal(bytes, compressing: true)) == bytes, "a sealed state that is another")
    }
}
