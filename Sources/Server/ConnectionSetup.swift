// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The handlers of each connection besides HTTP itself.
final class ConnectionSetup: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Never

    func handlerAdded(context: ChannelHandlerContext) {
        do {
            try RequestGuard.install(in: context.pipeline.syncOperations)
        } catch {
            // Without a decoder this is not an HTTP connection, and nothing may be read.
            context.fireErrorCaught(error)
            context.close(promise: nil)
        }
    }
}
