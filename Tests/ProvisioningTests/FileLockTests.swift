// SPDX-License-Identifier: Apache-2.0

import Domain
import SystemPackage
import TestSupport
import Testing

@testable import Provisioning

/// Waiting for what another execution of this worker holds.
@Suite(.timeLimit(.minutes(1))) struct FileLockTests {
    private static func control(wallClock: Duration = .seconds(60)) -> ExecutionControl {
        ExecutionControl(limits: ExecutionLimits(wallClock: wallClock), leaseUntil: .now + .seconds(3_600))
    }

    @Test func `it is waited for, but no longer than the execution may take`() async throws {
        let path = try await TestArea.shared.makeDirectory().appending("lock")
        let held = try #require(try FileLock.tryAcquire(path))
        let error = await #expect(throws: ProvisioningFailure.self) {
            _ = try await FileLock.acquire(path, control: Self.control(wallClock: .milliseconds(120)))
        }
        #expect(error?.code == .timedOut)
        withExtendedLifetime(held) {}
    }

    @Test func `it is given up as soon as the execution is asked to end`() async throws {
        let path = try await TestArea.shared.makeDirectory().appending("lock")
        let held = try #require(try FileLock.tryAcquire(path))
        let control = Self.control()
        let waiting = Task { try await FileLock.acquire(path, control: control) }
        control.interrupt(.canceled)
        let error = await #expect(throws: ProvisioningFailure.self) { _ = try await waiting.value }
        #expect(error?.code == .canceled)
        withExtendedLifetime(held) {}
    }
}
