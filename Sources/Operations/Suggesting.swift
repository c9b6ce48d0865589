// SPDX-License-Identifier: Apache-2.0

import Basics
import Store

extension OperationContext {
    /// Performs the operation. To the error for a name that nothing has it adds the nearest one that the caller may see.
    package func answer<Asked: Operation>(_ operation: Asked) async throws -> Asked.Answer {
        do {
            return try await operation.performed(in: self)
        } catch let error as StoreError where error.code == .notFound {
            guard let missing = error.missing, caller.mayKnowNames(of: missing.kind) else { throw error }
            // The error itself is what matters; without a suggestion it is still complete.
            let names = (try? await store.names(of: missing, visibleTo: caller.audience)) ?? []
            throw error.suggesting(Suggestion.nearest(to: missing.name, among: names))
        }
    }
}

extension Caller {
    /// Whether the role may list what is of this kind.
    fileprivate func mayKnowNames(of kind: StoreError.Missing.Kind) -> Bool {
        switch kind {
        case .template, .preset, .workspace: true
        case .worker: has(.templateAdmin)
        case .user, .endpoint: has(.owner)
        }
    }
}
