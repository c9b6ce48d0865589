// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// How one of a child's output streams is processed.
enum OutputHandling: Sendable {
    /// Each line is passed on, from the thread that reads the child's output; a longer one than the limit is cut there.
    /// `turn` is called after the lines of one read, for work that is done once for all of them.
    case lines(
        limit: LineLimit = LineLimit(),
        turn: @Sendable () -> Void = {},
        @Sendable (OutputLine) -> Void
    )
    /// Everything is kept; a child that writes more than `limit` bytes is killed.
    case collect(limit: Int)
    case discard
}

/// Drains a child's output in chunks, whatever the length of its lines, without ever blocking.
struct OutputReader: ~Copyable {
    /// The most that one turn reads, so that a stream that never pauses cannot delay the other.
    private static let turn = 1 << 20

    private(set) var descriptor: Int32
    private let handling: OutputHandling
    private var splitter: LineSplitter
    private(set) var collected: [UInt8] = []
    /// More was printed than may be collected.
    private(set) var overflowed = false
    /// All bytes so far.
    private(set) var count = 0
    private var chunk = [UInt8](repeating: 0, count: 1 << 16)

    /// Owns the descriptor, which must not block.
    init(_ descriptor: Int32, _ handling: OutputHandling) {
        self.descriptor = descriptor
        self.handling = handling
        let limit = if case .lines(let limit, _, _) = handling { limit } else { LineLimit() }
        splitter = LineSplitter(limit: limit)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    var isOpen: Bool { descriptor >= 0 }

    /// Reads the available bytes, at most one turn's worth. Returns whether there were any.
    mutating func drain(atMost most: Int = turn) -> Bool {
        var total = 0
        while isOpen, total < most {
            let count = read(descriptor, &chunk, min(chunk.count, most - total))
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { break }
            guard count > 0 else {
                finish()
                break
            }
            total += count
            take(count)
        }
        count += total
        if total > 0, isOpen, case .lines(_, let turn, _) = handling { turn() }
        return total > 0
    }

    /// The number of bytes that were written and not yet read.
    var waiting: Int { isOpen ? Int(stoker_readable_bytes(descriptor)) : 0 }

    /// Emits the rest of the last line, and closes the stream.
    mutating func finish() {
        guard isOpen else { return }
        close(descriptor)
        descriptor = -1
        if case .lines(_, let turn, let emit) = handling {
            splitter.finish(emit)
            turn()
        }
    }

    /// Takes the first bytes of the chunk.
    private mutating func take(_ count: Int) {
        switch handling {
        case .lines(_, _, let emit):
            chunk.withUnsafeBytes { splitter.take(UnsafeRawBufferPointer(rebasing: $0[..<count]), emit) }
        case .collect(let limit):
            guard collected.count + count <= limit else {
                overflowed = true
                return
            }
            collected.append(contentsOf: chunk[..<count])
        case .discard: break
        }
    }
}
