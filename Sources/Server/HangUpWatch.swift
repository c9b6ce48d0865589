// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Detects the end of a connection while nothing is read from it, such as during a long wait for an answer.
///
/// Each connection has one, for all its requests, so a kept-alive connection does not collect handlers. Each waiting
/// request registers, and unregisters at the end of its answer.
final class HangUpWatch: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = Never

    private struct State {
        var hasEnded = false
        var hasHungUp = false
        var waiters: [Int: @Sendable () -> Void] = [:]
        var lastWaiter = 0
    }

    private let state = Mutex(State())

    /// The connection's own.
    static func on(_ channel: any Channel) async throws -> HangUpWatch {
        try await channel.pipeline.handler(type: HangUpWatch.self).get()
    }

    /// Whether the other side closed the connection properly. A connection that was reset, or is silent, was not.
    var hasHungUp: Bool { state.withLock(\.hasHungUp) }

    /// Calls the function once when the connection has ended in any way, unless the returned value was released before.
    func whenEnded(_ function: @escaping @Sendable () -> Void) -> Held {
        let id = state.withLock { state -> Int? in
            guard !state.hasEnded else { return nil }
            state.lastWaiter += 1
            state.waiters[state.lastWaiter] = function
            return state.lastWaiter
        }
        if id == nil { function() }
        return Held { [self] in
            guard let id else { return }
            state.withLock { _ = $0.waiters.removeValue(forKey: id) }
        }
    }

    private func end(inOrder: Bool) {
        let waiters = state.withLock { state in
            guard !state.hasEnded else { return [Int: @Sendable () -> Void]() }
            state.hasEnded = true
            state.hasHungUp = inOrder
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { end(inOrder: true) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(inOrder: false)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(inOrder: false)
        context.fireChannelInactive()
    }
}

extension Channel {
    /// Performs an operation for a waiting client, and cancels it when the client disconnects.
    func whileConnected<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let watch = try await HangUpWatch.on(self)
        let work = Task { try await body() }
        let registration = watch.whenEnded { work.cancel() }
        defer { registration.release() }
        return try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            work.cancel()
        }
    }

    /// Closes the connection when sent bytes are not acknowledged for this long (tcp(7), TCP_USER_TIMEOUT).
    func limitUnacknowledged(to limit: Duration) async throws {
        let option = ChannelOptions.Types.SocketOption(level: .tcp, name: NIOBSDSocket.Option(rawValue: 18))
        let milliseconds = Int(limit / .milliseconds(1))
        try await setOption(option, value: milliseconds).get()
    }
}
