// SPDX-License-Identifier: Apache-2.0

import Synchronization
import SystemPackage

/// Reads a child's output in place of a worker that is gone.
///
/// Nobody needs the lines any more. But SIGPIPE would kill a child that prints into a pipe without a reader before it
/// has saved its state, and a full pipe would block it for ever. States that a process prints are kept.
struct AbandonedOutput: ~Copyable {
    private var output: OutputReader
    private var errors: OutputReader

    /// Owns the descriptors, which are the worker's ends of the child's pipes.
    ///
    /// - Parameter stateFile: The file for the states in the output; `nil` when there are none.
    init(output: Int32, errors: Int32, stateFile: FilePath?, bounds: ChildBounds) {
        self.output = OutputReader(
            output,
            stateFile.map { stateFile in
                // The newest of those in one read: each write waits for the disk, and the lease does not.
                let newest = Newest()
                return .lines(
                    limit: ProcessMessage.limit(bounds),
                    turn: {
                        // No process receives this error; the previous state stays.
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

    /// Negative when closed: `poll` ignores such descriptors.
    var descriptors: [Int32] { [output.descriptor, errors.descriptor] }

    mutating func drain() {
        _ = output.drain()
        _ = errors.drain()
    }
}

/// A state that has to be written.
final class Newest: Sendable {
    private let state = Mutex<[UInt8]?>(nil)

    func put(_ new: [UInt8]) { state.withLock { $0 = new } }

    func take() -> [UInt8]? { state.withLock { $0.take() } }
}
