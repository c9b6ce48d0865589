// SPDX-License-Identifier: Apache-2.0

/// The guard's state machine: events and time in, actions out. It reads no clock and sends no signal.
///
/// An interrupted child has `grace` to end, but never longer than the lease's `killAt`: after that, another worker may
/// start the same job.
struct GuardCourse: Equatable {
    enum Event: Equatable {
        case told(GuardMessage)
        case workerGone
        /// The guard itself got a signal to end.
        case signaled
        case alarm
    }

    enum Step: Equatable {
        case interrupt
        case kill
    }

    /// The interval at which remaining processes are searched after the kill.
    static let sweepInterval: Int64 = 20_000_000

    private var lease: GuardLease
    private let grace: Int64
    private var graceEnd: Int64?
    private var killing = false
    /// Why the child was ended; `nil` while it may run.
    private(set) var cause: GuardCause?

    init(lease: GuardLease, grace: Int64) {
        self.lease = lease
        self.grace = grace
    }

    mutating func follow(_ event: Event, now: Int64) -> Step? {
        switch event {
        case .told(.renew(let lease)): self.lease = lease
        case .told(.kill):
            cause = cause ?? .order
            killing = true
        case .told(.interrupt), .signaled:
            if let step = interrupt(because: .order, now) { return step }
        case .workerGone:
            if let step = interrupt(because: .workerGone, now) { return step }
        case .told, .alarm: break
        }
        if killing || now >= lease.killAt || now >= graceEnd ?? .max {
            cause = cause ?? .lease
            killing = true
            return .kill
        }
        return now >= lease.interruptAt ? interrupt(because: .lease, now) : nil
    }

    /// The time of the next `.alarm`.
    func nextAlarm(after now: Int64) -> Int64 {
        if killing { return now + Self.sweepInterval }
        guard let graceEnd else { return min(lease.interruptAt, lease.killAt) }
        return min(graceEnd, lease.killAt)
    }

    /// Only one interruption: Terraform takes a second one as the request to stop without saving its state.
    private mutating func interrupt(because reason: GuardCause, _ now: Int64) -> Step? {
        guard graceEnd == nil, !killing, now < lease.killAt else { return nil }
        cause = reason
        graceEnd = now + grace
        return .interrupt
    }
}
