// SPDX-License-Identifier: Apache-2.0

import Basics
import CLinux
import Glibc
import Synchronization
import SystemPackage

/// Watches a state file while Terraform rewrites it, and passes on each new complete state.
///
/// Terraform's local backend truncates and rewrites the file in place after every resource, so a read may see half of
/// it. Only a document that parses counts; another read follows a moment later.
final class StateWatch: Sendable {
    /// Milliseconds from a change to the read; and the longest interval when the file was incomplete.
    private static let settle: Int32 = 10
    private static let longestSettle: Int32 = 1_000
    /// The longest delay of a read while the file keeps changing.
    private static let longestDelay = Duration.milliseconds(100)

    /// The newest state that was not taken yet.
    let states: AsyncStream<[UInt8]>
    private let continuation: AsyncStream<[UInt8]>.Continuation
    private let directory: WorkDirectory
    private let control: ExecutionControl
    private let stop: WakeUp
    private let descriptor: Int32

    /// Starts the watch. `known` is the state that needs no checkpoint. A file that cannot be a state, or is too large
    /// for one, ends the execution.
    init(_ directory: WorkDirectory, known: [UInt8]?, control: ExecutionControl) throws(FileFailure) {
        self.directory = directory
        self.control = control
        stop = try WakeUp.make()
        descriptor = stoker_watch_directory(directory.path.string)
        (states, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        guard descriptor >= 0 else { throw FileFailure("watch", directory.path) }
        do throws(SystemError) { try DedicatedThread.start("state") { self.run(known) } } catch {
            throw FileFailure("watch", directory.path.string, errno: error.code)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Ends the watch; ``states`` ends after those found until then.
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
            guard let since = changedAt, !changed || .now - since > Self.longestDelay else { continue }
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
            // Half written: a later read finds more.
            return try directory.readState(directory.stateFile).flatMap { StateHeader($0) == nil ? nil : $0 }
        } catch {
            if let refusal = error.refusal { control.interrupt(over: refusal) }
            return nil
        }
    }
}

/// A field of every Terraform state. When it can be read, the whole document is JSON.
struct StateHeader: Equatable {
    let version: Int
    let serial: Int

    init?(_ state: [UInt8]) {
        let scan = JSONScan(state, depth: ChildBounds.depth)
        guard scan.isWhole, let version = scan["version"]?.integer, let serial = scan["serial"]?.integer
        else { return nil }
        self.version = version
        self.serial = serial
    }
}

/// The form of a state, as far as it is known.
enum StateFormat {
    /// Unknown.
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
    /// Runs `body` and passes every new state to `reporter` as a checkpoint: one at a time, the newest first.
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
        // It is not a child task: a checkpoint in progress is finished even if this task is cancelled.
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
