// SPDX-License-Identifier: Apache-2.0

import CYaml

/// The events of a YAML stream (YAML 1.2, 3.1), one after the other, as libyaml finds them in the text.
///
/// Yams composes whole trees, and hashes every key of a mapping on the way. A key that is an alias of nested lists of
/// aliases would take practically for ever. This type creates nothing that was not counted first.
@safe struct YAMLEvents: ~Copyable {
    enum Kind: Equatable {
        case streamStart, streamEnd, documentStart, documentEnd, sequenceEnd, mappingEnd
        /// The anchor of the value.
        case alias(String)
        case scalar(String, isPlain: Bool, anchor: String?)
        case sequenceStart(anchor: String?)
        case mappingStart(anchor: String?)
    }

    struct Event {
        let kind: Kind
        /// Counted from 1.
        let line: Int
        let column: Int
    }

    /// Why the text is not YAML, and where.
    struct Problem: Error {
        let line: Int
        let column: Int
        let message: String
    }

    /// Holds pointers to itself, and to ``bytes``.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    init(_ text: String) {
        unsafe bytes = .allocate(capacity: text.utf8.count)
        _ = unsafe bytes.initialize(from: text.utf8)
        unsafe parser = .allocate(capacity: 1)
        unsafe parser.initialize(to: yaml_parser_t())
        unsafe yaml_parser_initialize(parser)
        unsafe yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe bytes.deallocate()
    }

    /// The next event. Do not call it after the end of the stream.
    mutating func next() throws(Problem) -> Event {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { unsafe yaml_event_delete(&event) }
        let mark = unsafe event.start_mark
        return Event(kind: unsafe Self.kind(event), line: mark.line + 1, column: mark.column + 1)
    }

    private static func kind(_ event: yaml_event_t) -> Kind {
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_ALIAS_EVENT: return unsafe .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_START_EVENT: return unsafe .sequenceStart(anchor: text(event.data.sequence_start.anchor))
        case YAML_MAPPING_START_EVENT: return unsafe .mappingStart(anchor: text(event.data.mapping_start.anchor))
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let value = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return unsafe .scalar(
                String(decoding: value, as: UTF8.self),
                isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE || scalar.style == YAML_ANY_SCALAR_STYLE,
                anchor: text(scalar.anchor)
            )
        default: return .streamEnd
        }
    }

    private static func text(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe String(cString: pointer)
    }

    private func problem() -> Problem {
        let state = unsafe parser.pointee
        let message = unsafe [state.context, state.problem].compactMap { words in
            guard let words = unsafe words else { return nil as String? }
            return unsafe String(cString: words)
        }.joined(separator: ", ")
        switch unsafe state.error {
        case YAML_MEMORY_ERROR:
            return Problem(line: 1, column: 1, message: "it is nested too deeply")
        case YAML_READER_ERROR:
            // The reader knows bytes only, no lines.
            let before = unsafe bytes.prefix(state.problem_offset)
            let line = unsafe before.count { $0 == UInt8(ascii: "\n") }
            let lineStart = unsafe before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            let column = unsafe before[lineStart...].count { $0 & 0xc0 != 0x80 }
            return Problem(line: line + 1, column: column + 1, message: message)
        default:
            let mark = unsafe state.problem_mark
            return Problem(line: mark.line + 1, column: mark.column + 1, message: message)
        }
    }
}
