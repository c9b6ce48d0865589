// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization
import SystemPackage

/// Follows a state file while it is rewritten, and hands on each new state that is whole.
///
/// Terraform's local backend truncates and rewrites the file in place after every resource, so what is read may be half
/// written: only what parses counts, and one that does not is read again a moment later.
final class StateWatch: Sendable {
    /// Milliseconds from a change to the look at it, and at most so many when what was found then was not whole.
    private static let settle: Int32 = 10
    private static let longestSettle: Int32 = 1_000
    private static let patience = Duration.milliseconds(100)

    /// The newest state that nobody has taken yet.
    let states: AsyncStream<[UInt8]>
    private let continuation: AsyncStream<[UInt8]>.Continuation
    private let directory: WorkDirectory
    private let control: ExecutionControl
    private let stop: WakeUp
    private let descriptor: Int32

    /// Begins to watch. `known` is the state that needs no checkpoint. What is there and cannot be a state, or is larger than one
    /// may be, ends the execution.
    init(_ directory: WorkDirectory, known: [UInt8]?, control: ExecutionControl) throws(FileFailure) {
        self.directory = directory
        self.control = control
        stop = try WakeUp()
        descriptor = stoker_watch_directory(directory.path.string)
        (states, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        guard descriptor >= 0 else { throw FileFailure("watch", directory.path) }
        guard DedicatedThread.start("state", { self.run(known) }) else {
            throw FileFailure("watch", directory.path.string, errno: EAGAIN)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Ends the watch; ``states`` ends with what was found until then.
    func end() {
        stop.signal()
    }

    private func run(_ known: [UInt8]?) {
        var known = known
        var changedAt: ContinuousClock.Instant?
        var settle = Self.settle
        while true {
            var waiting = [stop.descriptor, descriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            poll(&waiting, 2, changedAt == nil ? -1 : settle)
            if waiting[0].revents != 0 { return continuation.finish() }
            let changed = stoker_watch_mentions(descriptor, WorkDirectory.stateName) == 1
            if changed {
                settle = Self.settle
                changedAt = changedAt ?? .now
            }
            guard let since = changedAt, !changed || .now - since > Self.patience else { continue }
            guard let state = wholeState() else {
                settle = min(settle * 2, Self.longestSettle)
                continue
            }
            changedAt = nil
            if state != known {
                directory.note(newest: state)
                continuation.yield(state)
            }
            known = state
        }
    }

    private func wholeState() -> [UInt8]? {
        do throws(FileFailure) {
            // Half written: the next look finds more.
            return try directory.readState(directory.stateFile).flatMap { StateHeader($0) == nil ? nil : $0 }
        } catch {
            if let refusal = error.refusal { control.refuse(refusal) }
            return nil
        }
    }
}

/// What every Terraform state has. That it can be read proves that the whole document is JSON.
struct StateHeader: Equatable {
    let version: Int
    let serial: Int

    init?(_ state: [UInt8]) {
        let scan = JSONScan(state)
        guard scan.isWhole, let version = scan.value(of: "version", in: state).flatMap(JSONText.integer),
            let serial = scan.value(of: "serial", in: state).flatMap(JSONText.integer)
        else { return nil }
        self.version = version
        self.serial = serial
    }
}

/// What is known of a state's form.
enum StateFormat {
    /// Nothing.
    case opaque
    case terraform

    func isWhole(_ state: [UInt8]) -> Bool {
        switch self {
        case .opaque: true
        case .terraform: StateHeader(state) != nil
        }
    }
}

extension WorkDirectory {
    /// Runs `body` while every new state goes to `reporter` as a checkpoint, one at a time, the newest first.
    func withCheckpoints<Value: Sendable>(
        known: [UInt8]?,
        reporter: any ExecutionReporter,
        control: ExecutionControl,
        _ body: () async throws(ProvisioningFailure) -> Value
    ) async throws(ProvisioningFailure) -> Value {
        let watch: StateWatch
        do throws(FileFailure) {
            watch = try StateWatch(self, known: known, control: control)
        } catch {
            throw ProvisioningFailure(error)
        }
        // Not a child task: a checkpoint in progress is finished even if this task is cancelled.
        let checkpoints = Task {
            for await state in watch.states { await reporter.checkpoint(state) }
        }
        let result: Result<Value, ProvisioningFailure>
        do throws(ProvisioningFailure) { result = .success(try await body()) } catch { result = .failure(error) }
        watch.end()
        await checkpoints.value
        // A kill in the middle of a rewrite leaves half a file behind: then `newestState` is what is known.
        return try result.get()
    }
}
