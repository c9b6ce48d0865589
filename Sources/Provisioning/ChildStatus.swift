// SPDX-License-Identifier: Apache-2.0

/// How a process ended.
enum ChildStatus: Sendable, Hashable {
    case exited(Int32)
    case signaled(Int32)

    /// Reads a status of `waitpid`.
    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7f
        self = signal == 0 ? .exited(waitStatus >> 8 & 0xff) : .signaled(signal)
    }

    /// Whether it exited with status 0.
    var isSuccess: Bool { self == .exited(0) }

    /// The exit status as a shell shows it: 128 plus the signal's number for a signal.
    var shellCode: Int32 {
        switch self {
        case .exited(let code): code
        case .signaled(let number): 128 + number
        }
    }
}

extension ChildStatus: CustomStringConvertible {
    var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signaled(let number): "signal \(number)"
        }
    }
}
