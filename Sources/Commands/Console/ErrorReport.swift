// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Operations
import PostgresClient
import ServiceLifecycle
import Store
import Templates
import Webhooks

/// What a person is told of an error, and the exit code: the one place where errors of all rooms become words.
struct ErrorReport: Hashable {
    /// For standard error: one line, or one for each thing that is wrong in a file.
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
        // Its own words hold all that the service holds.
        case is ServiceGroupError: self.init(.failure, "a part of the worker ended unexpectedly; its log says why")
        case is CancellationError: self.init(.failure, "interrupted")
        default: self.init(.failure, "\(error)")
        }
    }

    /// As a part of another message: without the mark that it is an error.
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
            "\(error). Give the role that stoker connects as the right to it, or connect as the schema's owner."
        case .undefinedTable: "\(error). The schema is not whole; run 'stoker migrate'."
        default: "\(error)"
        }
    }
}
