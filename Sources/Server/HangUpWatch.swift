// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Notices the end of a connection while nothing is read from it: of one that waits for its answer.
final class HangUpWatch: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = Never

    private struct State {
        var hasEnded = false
        var hasHungUp = false
        var onEnd: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    static func on(_ channel: any Channel) async throws -> HangUpWatch {
        let watch = HangUpWatch()
        try await channel.pipeline.addHandler(watch, position: .first).get()
        return watch
    }

    /// Whether the other side has ended the connection in order. One that was reset, or has gone silent, has not.
    var hasHungUp: Bool { state.withLock(\.hasHungUp) }

    /// Calls the function once, when the connection has ended in whatever way.
    func whenEnded(_ function: @escaping @Sendable () -> Void) {
        let hasEnded = state.withLock { state in
            if !state.hasEnded { state.onEnd = function }
            return state.hasEnded
        }
        if hasEnded { function() }
    }

    private func end(inOrder: Bool) {
        let function = state.withLock { state in
            guard !state.hasEnded else { return nil as (@Sendable () -> Void)? }
            state.hasEnded = true
            state.hasHungUp = inOrder
            return state.onEnd
        }
        function?()
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
    /// Performs what somebody waits for at the other side, and cancels it when they go.
    func whileConnected<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let watch = try await HangUpWatch.on(self)
        defer { _ = pipeline.removeHandler(watch) }
        let work = Task { try await body() }
        watch.whenEnded { work.cancel() }
        return try await withTaskCancellationHandler {
            try await work.value
        } onCancel: {
            work.cancel()
        }
    }

    /// Gives the connection up when what was sent has not been acknowledged for so long (tcp(7), TCP_USER_TIMEOUT).
    func limitUnacknowledged(to limit: Duration) async throws {
        let option = ChannelOptions.Types.SocketOption(level: .tcp, name: NIOBSDSocket.Option(rawValue: 18))
        let milliseconds = Int(limit / .milliseconds(1))
        try await setOption(option, value: milliseconds).get()
    }
}
