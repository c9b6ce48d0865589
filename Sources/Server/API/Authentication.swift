// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Operations

/// Authenticates users, after the rate limit: by the holder of the token if it is known here, else by address.
struct Authentication: RouterMiddleware {
    let authenticator: Authenticator
    let limiter: RateLimiter

    func handle(
        _ request: Request,
        context: ServerRequestContext,
        next: @concurrent (Request, ServerRequestContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.caller = try await caller(of: request, from: context.address)
        return try await next(request, context)
    }

    private func caller(of request: Request, from address: String) async throws -> Caller {
        let secret: TokenSecret
        do {
            secret = try Authenticator.secret(request.headers)
        } catch {
            try limiter.take(.address(address))
            throw error
        }
        let holder = limiter.holder(of: secret.hash)
        try limiter.take(holder ?? .address(address))
        let caller: Caller
        do {
            caller = try await authenticator.caller(secret)
        } catch let error as Problem {
            limiter.forget(secret.hash)
            throw error
        }
        let key = RateLimiter.Key.caller(caller.identity)
        if holder != key {
            limiter.know(secret.hash, as: key)
            // The request counts for the caller, not for the address.
            limiter.giveBack(holder ?? .address(address))
            try limiter.take(key)
        }
        return caller
    }
}
