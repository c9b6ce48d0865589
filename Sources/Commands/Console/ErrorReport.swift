// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Operations
import PostgresClient
import ServiceLifecycle
import Store
import Templates
import Webhooks

/// The message and the exit code of an error: the only place where errors of all rooms are turned into text.
struct ErrorReport: Hashable {
    /// For standard error: one line, or one for each error in a file.
    let text: String
    let status: ExitMeaning

    init(_ error: any Error) {
        switch error {
        case let error as CommandError: self.init(error.status, "\(error)")
        case let error as StoreError: self.init(Self.status(of: error.code), "\(error)")
        case let error as PostgresError: self.init(.failure, Self.sentence(error))
        case is SettingsError: self.init(.configuration, "\(error)")
        case is Refusal, is TemplateErrors, is ArchiveRefusal, is SigningKeyError, is EndpointTargetError,
            is EndpointURLError:
            self.init(.refused, "\(error)")
        // Its own description would print the whole service.
        case is ServiceGroupError: self.init(.failure, "a service of the worker ended unexpectedly; its log says why")
        case is CancellationError: self.init(.failure, "interrupted")
        default: self.init(.failure, "\(error)")
        }
    }

    /// As a part of another message: without the prefix.
    var sentence: String {
        text.split(whereSeparator: \.isNewline).map { $0.dropFirst("error: ".count) }.joined(separator: "; ")
    }

    private init(_ status: ExitMeaning, _ text: String) {
        self.status = status
        self.text = text.split(whereSeparator: \.isNewline).map { "error: \($0)" }.joined(separator: "\n")
    }

    private static func status(of code: StoreError.Code) -> ExitMeaning {
        switch code {
        case .notFound, .nameTaken, .deleted, .invalid, .conflict: .refused
        case .leaseLost, .schema, .inconsistent: .failure
        }
    }

    private static func sentence(_ error: PostgresError) -> String {
        switch error.sqlState {
        case .insufficientPrivilege:
            "\(error). Grant the privilege to stoker's role, or connect as the schema's owner."
        case .undefinedTable: "\(error). The schema is incomplete; run 'stoker migrate'."
        default: "\(error)"
        }
    }
}
