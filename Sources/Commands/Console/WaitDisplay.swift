// SPDX-License-Identifier: Apache-2.0

import Basics
import Operations
import Store
import Synchronization
import SystemPackage

/// The progress of a waiting command on standard error: the reasons, each said once; and on a terminal a last line that
/// is updated. Elsewhere it prints whole lines and no escape sequences.
final class WaitDisplay: Sendable {
    private struct State {
        /// The names of the reasons that were said last.
        var told: [String] = []
        /// When a reason that is only said after a while was first seen.
        var quietSince: ContinuousClock.Instant?
        var line = ""
        var isShown = false
    }

    /// How long a reason that is briefly true of every job must last before it is said.
    private static let quietTime = Duration.seconds(1.5)

    private let isTerminal: Bool
    private let write: @Sendable (String) throws -> Void
    private let state = Mutex(State())

    init(
        isTerminal: Bool = Host.isTerminal,
        write: @escaping @Sendable (String) throws -> Void = {
            try FileDescriptor.standardError.writeAll(Array($0.utf8))
        }
    ) {
        self.isTerminal = isTerminal
        self.write = write
    }

    /// Says the reasons, if they are new.
    func tell(_ reasons: [WaitReason], now: ContinuousClock.Instant = .now) {
        let text = state.withLock { state -> String? in
            let names = reasons.map(\.reason)
            guard !reasons.isEmpty, names != state.told else { return nil }
            if names == [PendingReason.Code.next.rawValue] {
                let since = state.quietSince ?? now
                state.quietSince = since
                guard since.duration(to: now) >= Self.quietTime else { return nil }
            } else {
                state.quietSince = nil
            }
            state.told = names
            return reasons.map { Printable.line("Waiting: \($0.sentence)") }.joined(separator: "\n")
        }
        if let text { say(text) }
    }

    /// Writes whole lines above the updated line.
    func say(_ text: String) {
        interrupting { attempt(Printable.text(text) + "\n") }
    }

    /// Updates the last line; only a terminal shows it.
    func show(_ line: String) {
        guard isTerminal else { return }
        state.withLock { state in
            state.line = Self.oneLine(line)
            draw(&state)
        }
    }

    /// Lets other code write whole lines to the terminal.
    func interrupting<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard isTerminal else { return try body() }
        return try state.withLock { state in
            clear(&state)
            defer { draw(&state) }
            return try body()
        }
    }

    /// Removes the last line.
    func end() {
        state.withLock { state in
            clear(&state)
            state.line = ""
        }
    }

    /// From the first column, without wrapping at the last (ECMA-48; DECAWM).
    private func draw(_ state: inout State) {
        guard !state.line.isEmpty else { return }
        attempt("\r\u{1b}[K\u{1b}[?7l\(state.line)\u{1b}[?7h")
        state.isShown = true
    }

    private func clear(_ state: inout State) {
        guard state.isShown else { return }
        attempt("\r\u{1b}[K")
        state.isShown = false
    }

    /// A closed standard error is ignored; the command goes on.
    private func attempt(_ text: String) {
        do { try write(text) } catch {}
    }

    private static func oneLine(_ text: String) -> String {
        Printable.line(text.replacing("\t", with: " "))
    }
}

extension WaitDisplay {
    /// Polls until the work has ended, and shows meanwhile how many jobs still run, and where.
    static func untilOver<Result>(
        every interval: Duration,
        _ look: () async throws -> (over: Result?, running: Int, place: String)
    ) async throws -> Result {
        let display = WaitDisplay()
        defer { display.end() }
        let began = ContinuousClock.now
        while true {
            let (over, running, place) = try await look()
            if let over { return over }
            let jobs = running == 1 ? "1 job still runs" : "\(running) jobs still run"
            if running > 0 { display.tell([WaitReason("running", jobs + place)]) }
            display.show("Waiting \(Elapsed.text(began.duration(to: .now))): \(jobs)")
            try await Task.sleep(for: interval)
        }
    }
}

extension WaitReason {
    /// The remedy, where there is one.
    var sentence: String {
        let end = until.map { ", until \(Shown.time($0))" } ?? ""
        return "\(message)\(end).\(remedy.map { " \($0)" } ?? "")"
    }

    private var remedy: String? {
        switch PendingReason.Code(rawValue: reason) {
        case .noWorker: "Start one with 'stoker worker'."
        case .tags: "Start one with these tags (worker.tags)."
        case .draining: "'stoker workers resume NAME' resumes one."
        case .maintenance: "'stoker maintenance stop' ends it."
        default: nil
        }
    }
}
