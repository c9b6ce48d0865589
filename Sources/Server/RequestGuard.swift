// SPDX-License-Identifier: Apache-2.0

import Basics
import NIOCore
import NIOHTTP1

/// Refuses requests whose end or host could be read in two ways (RFC 9112, 3.2, 6.1 and 6.3), against request
/// smuggling: a proxy in front could read them differently.
///
/// A refused request ends the connection with 400, after the answers to the requests before it. The path of others gets
/// its normal form, so that a route is found however it is escaped.
final class RequestGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    /// After a refusal, no later byte of the connection can be trusted.
    private var hasRefused = false

    /// Adds the guard after the decoder, before any other handler.
    static func install(in pipeline: ChannelPipeline.SynchronousOperations) throws {
        let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        try pipeline.addHandler(RequestGuard(), position: .after(decoder))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasRefused else { return }
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        if let refusal = Self.refusal(of: head) {
            hasRefused = true
            return context.fireErrorCaught(refusal)
        }
        head.uri = PercentEncoding.normalized(head.uri)
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    /// Why a request is refused; `nil`: it is accepted.
    static func refusal(of head: HTTPRequestHead) -> HTTPParserError? {
        guard head.version == .http1_1 || head.version == .http1_0 else { return .invalidVersion }
        let hosts = head.headers["Host"]
        guard hosts.count <= 1, hosts.count == 1 || head.version == .http1_0, hosts.allSatisfy(isHost) else {
            return .invalidHeaderToken
        }
        let codings = head.headers["Transfer-Encoding"]
        let lengths = head.headers["Content-Length"]
        if !codings.isEmpty {
            let isChunked = codings.count == 1 && codings[0].lowercased() == "chunked"
            guard isChunked, head.version == .http1_1 else { return .unknown }
            guard lengths.isEmpty else { return .unexpectedContentLength }
        }
        guard lengths.count <= 1, lengths.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) && Int($0) != nil })
        else { return .invalidContentLength }
        return nil
    }

    /// A name or an address with or without a port, as a URI writes it, or nothing (RFC 9110, 7.2).
    private static func isHost(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
                || "-._~%!$&'()*+;=:[]".utf8.contains(byte)
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
}
