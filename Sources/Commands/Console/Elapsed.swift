// SPDX-License-Identifier: Apache-2.0

/// Durations in progress messages and results: `12 s`, `3 min 4 s`, `2 h 5 min`.
enum Elapsed {
    static func text(_ duration: Duration) -> String {
        let seconds = max(Int(duration / .seconds(1)), 0)
        return switch seconds {
        case ..<60: "\(seconds) s"
        case ..<3_600: "\(seconds / 60) min \(seconds % 60) s"
        default: "\(seconds / 3_600) h \(seconds % 3_600 / 60) min"
        }
    }
}
