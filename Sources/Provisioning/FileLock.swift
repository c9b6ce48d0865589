// SPDX-License-Identifier: Apache-2.0

import Basics
import Glibc
import SystemPackage

/// A lock on a file that excludes all processes of this machine, and other holders in this process. It is held until it
/// is released or the process ends.
final class FileLock: Sendable {
    private let descriptor: Int32

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Waits for the lock without blocking a thread, until the execution shall end.
    static func acquire(_ path: FilePath, control: ExecutionControl) async throws(ProvisioningFailure) -> FileLock {
        while true {
            do throws(FileFailure) {
                if let lock = try await BlockingWork.run({ () throws(FileFailure) in try tryAcquire(path) }) {
                    return lock
                }
            } catch {
                throw ProvisioningFailure(error)
            }
            // `flock` has no wait that can be cancelled, so this polls; the lock is held for seconds.
            try await control.sleep(for: .milliseconds(50))
        }
    }

    static func tryAcquire(_ path: FilePath) throws(FileFailure) -> FileLock? {
        try PrivateFiles.makeDirectory(path.removingLastComponent())
        let descriptor = open(path.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure("open", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        return FileLock(descriptor)
    }
}

extension ExecutionControl {
    /// Waits for the duration, or throws as soon as the execution shall end.
    func sleep(for duration: Duration) async throws(ProvisioningFailure) {
        let (changes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let observer = observe { continuation.yield() }
        let timer = Task {
            // Cancelled: the request to stop came first.
            do { try await Task.sleep(for: duration) } catch { return }
            continuation.finish()
        }
        await withTaskCancellationHandler {
            for await _ in changes where interruption != nil { break }
        } onCancel: {
            interrupt(.drain)
        }
        timer.cancel()
        removeObserver(observer)
        try check()
    }
}
