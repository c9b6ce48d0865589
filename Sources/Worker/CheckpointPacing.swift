// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The rate limit of a build's checkpoints: a template may write a new state as often as it likes, and each is written
/// to the database's log as a whole.
///
/// It is a token bucket. States that appear during a wait are not lost: the newest is in the spool, and is written
/// next.
final class CheckpointPacing: Sendable {
    /// Bytes that are written without a wait.
    static let burst = 128 << 20
    /// Bytes a second after that, unless ``longestWait`` comes first.
    static let rate = 4 << 20
    /// How long the end of a build waits at most for its last checkpoint.
    static let longestWait = Duration.seconds(2)

    private struct Bucket {
        var available = Double(CheckpointPacing.burst)
        var filledAt: ContinuousClock.Instant
    }

    private let bucket: Mutex<Bucket>

    init(at now: ContinuousClock.Instant = .now) {
        bucket = Mutex(Bucket(filledAt: now))
    }

    /// Waits until that many bytes may be written.
    func spend(_ bytes: Int) async {
        let wait = wait(for: bytes, at: .now)
        if wait > .zero { try? await Task.sleep(for: wait) }
    }

    /// Takes the bytes from the bucket, and returns how long to wait.
    func wait(for bytes: Int, at now: ContinuousClock.Instant) -> Duration {
        bucket.withLock { bucket in
            let filled = (now - bucket.filledAt) / .seconds(1) * Double(Self.rate)
            bucket.available = min(bucket.available + filled, Double(Self.burst)) - Double(bytes)
            bucket.filledAt = now
            return min(.seconds(max(0, -bucket.available / Double(Self.rate))), Self.longestWait)
        }
    }
}
