// SPDX-License-Identifier: Apache-2.0

import CLinux
import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage

/// Follows a state file while it is rewritten, and hands on each new state that is whole.
///
/// Terraform's local backend truncates and rewrites the file in place after every resource, so what is read may be half
/// written: only what parses counts, and one that does not is read again a moment later.
final class StateWatch: Sendable {
    private static let settle: Int32 = 10
    private static let patience = Duration.milliseconds(100)

    /// The newest state that nobody has taken yet.
    let states: AsyncStream<[UInt8]>
    private let continuation: AsyncStream<[UInt8]>.Continuation
    private let seen = Mutex<[UInt8]?>(nil)
    private let stop: WakeUp
    private let descriptor: Int32
    private let file: FilePath

    /// Begins to watch. `known` is the state that needs no checkpoint.
    init(_ directory: WorkDirectory, known: [UInt8]?) throws(FileFailure) {
        file = directory.stateFile
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

    /// The newest whole state that was seen; `nil` when the first is still the last.
    var newest: [UInt8]? { seen.withLock { $0 } }

    /// Ends the watch; ``states`` ends with what was found until then.
    func end() {
        stop.signal()
    }

    private func run(_ known: [UInt8]?) {
        var known = known
        var changedAt: ContinuousClock.Instant?
        while true {
            var waiting = [stop.descriptor, descriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            poll(&waiting, 2, changedAt == nil ? -1 : Self.settle)
            if waiting[0].revents != 0 { return continuation.finish() }
            let changed = stoker_watch_mentions(descriptor, WorkDirectory.stateName) == 1
            if changed && changedAt == nil { changedAt = .now }
            guard let since = changedAt, !changed || .now - since > Self.patience else { continue }
            guard let state = wholeState() else { continue }
            changedAt = nil
            if state != known {
                seen.withLock { $0 = state }
                continuation.yield(state)
            }
            known = state
        }
    }

    private func wholeState() -> [UInt8]? {
        // Half written: the next look, 10 ms from now, finds more.
        guard let bytes = try? PrivateFiles.read(file), StateHeader.isWhole(bytes) else { return nil }
        return bytes
    }
}

/// What every Terraform state has; decoding it proves that the whole document is JSON.
struct StateHeader: Decodable {
    let version: Int
    let serial: Int

    static func isWhole(_ state: [UInt8]) -> Bool {
        (try? JSONDecoder().decode(Self.self, from: Data(state))) != nil
    }
}

/// Any state at all: Terraform's is JSON, and so is whatever a process says that its own is.
struct StateDocument: Decodable {
    init(from decoder: any Decoder) {}

    static func isWhole(_ state: [UInt8]) -> Bool {
        (try? JSONDecoder().decode(Self.self, from: Data(state))) != nil
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
        case .terraform: StateHeader.isWhole(state)
        }
    }
}

extension WorkDirectory {
    /// Runs `body` while every new state goes to `reporter` as a checkpoint, one at a time, the newest first.
    func withCheckpoints<Value: Sendable>(
        known: [UInt8]?,
        reporter: any ExecutionReporter,
        _ body: () async throws(ProvisioningFailure) -> Value
    ) async throws(ProvisioningFailure) -> Value {
        let watch: StateWatch
        do throws(FileFailure) { watch = try StateWatch(self, known: known) } catch { throw ProvisioningFailure(error) }
        // Not a child task: a checkpoint in progress is finished even if this task is cancelled.
        let checkpoints = Task {
            for await state in watch.states { await reporter.checkpoint(state) }
        }
        let result: Result<Value, ProvisioningFailure>
        do throws(ProvisioningFailure) { result = .success(try await body()) } catch { result = .failure(error) }
        watch.end()
        await checkpoints.value
        do throws(ProvisioningFailure) {
            return try result.get()
        } catch {
            var failure = error
            // A kill in the middle of a rewrite leaves half a file behind: then the last whole state is what is known.
            failure.state = failure.state ?? watch.newest
            throw failure
        }
    }
}
