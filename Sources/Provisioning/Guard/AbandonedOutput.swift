// SPDX-License-Identifier: Apache-2.0

import Synchronization
import SystemPackage

/// Reads a child's output in the place of a worker that has gone.
///
/// Nobody wants the lines any more. But a child that prints into a pipe without a reader is killed by SIGPIPE, before it
/// has saved its state, and one that prints into a full pipe waits for ever. What a process says of its state is kept.
struct AbandonedOutput: ~Copyable {
    private var output: OutputReader
    private var errors: OutputReader

    /// Owns the descriptors, which are the worker's ends of the child's pipes.
    ///
    /// - Parameter stateFile: Where to write the states that are among the output; `nil` when none are.
    init(output: Int32, errors: Int32, stateFile: FilePath?, bounds: ChildBounds) {
        self.output = OutputReader(
            output,
            stateFile.map { stateFile in
                // The newest of those that came together: each write waits for the disk, and the lease does not.
                let newest = Newest()
                return .lines(
                    limit: ProcessMessage.limit(bounds),
                    turn: {
                        // There is nobody to tell when even this fails; the state before it stays.
                        if let state = newest.take() { try? PrivateFiles.replace(stateFile, state) }
                    },
                    { line in
                        guard case .state(let state)? = try? ProcessMessage.read(line, bounds) else { return }
                        newest.put(state)
                    }
                )
            } ?? .discard
        )
        self.errors = OutputReader(errors, .discard)
    }

    /// Negative when closed: `poll` passes over those.
    var descriptors: [Int32] { [output.descriptor, errors.descriptor] }

    mutating func drain() {
        _ = output.drain()
        _ = errors.drain()
    }
}

/// A state that is to be written.
final class Newest: Sendable {
    private let state = Mutex<[UInt8]?>(nil)

    func put(_ new: [UInt8]) { state.withLock { $0 = new } }

    func take() -> [UInt8]? { state.withLock { $0.take() } }
}
