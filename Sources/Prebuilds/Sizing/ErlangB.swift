// SPDX-License-Identifier: Apache-2.0

/// The Erlang B formula: how often a claim finds no prebuild.
///
/// A pool that orders a replacement for each claim, and loses the claims it cannot serve, is a loss system. Its servers
/// are the prebuilds that it holds or builds; a server is busy while its replacement is being built. The formula holds
/// for any distribution of build times, as long as claims arrive at random.
package enum ErlangB {
    /// The least pool at which no more than `misses` of the claims miss; `limit` when no smaller one does.
    ///
    /// - Parameter load: Claims per second times seconds per build.
    package static func servers(load: Double, misses goal: Double, limit: Int) -> Int {
        guard load > 0 else { return 0 }
        var misses = 1.0
        var servers = 0
        while misses > goal, servers < limit {
            servers += 1
            misses = next(misses, servers: servers, load: load)
        }
        return servers
    }

    /// B(n) = a B(n-1) / (n + a B(n-1)), which never overflows.
    private static func next(_ misses: Double, servers: Int, load: Double) -> Double {
        load * misses / (Double(servers) + load * misses)
    }
}
