// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How many bytes of states a build writes to the database while it runs: a template may say a new one as often as it likes, and
/// each is written to the log of the database as a whole.
///
/// A token bucket. What a build says while it waits is not lost: the newest state is in the spool, and is what is written next.
final class CheckpointPacing: Sendable {
    /// Bytes that are written without any wait.
    static let burst = 128 << 20
    /// Bytes a second from then on, for states that are not so large that ``longestWait`` comes first.
    static let rate = 4 << 20
    /// What the end of a build waits for its last checkpoint at most.
    static let longestWait = Duration.seconds(2)

    private struct Bucket {
        var available = Double(CheckpointPacing.burst)
        var filledAt: ContinuousClock.Instant
    }

    private let bucket: Mutex<Bucket>

    init(at now: ContinuousClock.Instant = .now) {
        bucket = Mutex(Bucket(filledAt: now))
    }

    /// Waits until so many bytes may be written.
    func spend(_ bytes: Int) async {
        let wait = wait(for: bytes, at: .now)
        if wait > .zero { try? await Task.sleep(for: wait) }
    }

    /// Takes the bytes out, and returns how long to wait for that.
    func wait(for bytes: Int, at now: ContinuousClock.Instant) -> Duration {
        bucket.withLock { bucket in
            let filled = (now - bucket.filledAt) / .seconds(1) * Double(Self.rate)
            bucket.available = min(bucket.available + filled, Double(Self.burst)) - Double(bytes)
            bucket.filledAt = now
            return min(.seconds(max(0, -bucket.available / Double(Self.rate))), Self.longestWait)
        }
    }
}
