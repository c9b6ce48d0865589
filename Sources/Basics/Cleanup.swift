// SPDX-License-Identifier: Apache-2.0

/// Runs the body, and then the cleanup, also when the body throws.
package func withCleanup<Result>(
    _ cleanup: () async throws -> Void,
    after body: () async throws -> Result
) async throws -> Result {
    let result: Result
    do {
        result = try await body()
    } catch {
        try await cleanup()
        throw error
    }
    try await cleanup()
    return result
}
