// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What each connection of the server has in its pipeline besides HTTP itself.
final class ConnectionSetup: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Never

    func handlerAdded(context: ChannelHandlerContext) {
        do {
            try RequestGuard.install(in: context.pipeline.syncOperations)
        } catch {
            // Without it nothing may be read: there is no decoder, so this is no connection for HTTP.
            context.fireErrorCaught(error)
            context.close(promise: nil)
        }
    }
}
