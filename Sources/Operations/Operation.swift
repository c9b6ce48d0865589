// SPDX-License-Identifier: Apache-2.0

/// Something that users and programs can ask of Stoker, as a value.
///
/// A command makes one and performs it on the database, or sends it to a server, which decodes the same value from the
/// request and performs it. So each operation is implemented once.
///
/// Its stored properties are the ``Route/fields`` of its route, by name.
package protocol Operation<Answer>: Codable, Sendable {
    /// The answer: commands print it, and the API sends it.
    associatedtype Answer: Codable & Sendable

    /// The HTTP route, with the required role and scope.
    static var route: Route { get }

    /// Whether it may wait for long: then it ends when the client disconnects.
    var mayWait: Bool { get }

    /// The thing that it changes, for the audit log; `nil`: what its fields name.
    func auditTarget(for caller: Caller) -> String?

    /// The operation without the content that it uploads, for the audit log.
    var withoutContent: Self { get }

    /// Performs it. Throws ``Refusal``, or an error of a lower room, with a message for the caller. Call ``performed(in:)``, which
    /// records the change.
    func perform(in context: OperationContext) async throws -> Answer
}

extension Operation {
    package var mayWait: Bool { false }
    package func auditTarget(for caller: Caller) -> String? { nil }
    package var withoutContent: Self { self }
}

/// The answer of an operation without one.
package struct NoContent: Hashable, Sendable, Codable {
    package init() {}
}

/// A page of a list. As JSON it is the elements; the cursor is sent beside it.
package struct Page<Element: Codable & Sendable>: Codable, Sendable {
    package let elements: [Element]
    /// The cursor of the next page; `nil`: this is the last.
    package var next: String?

    package init(_ elements: [Element], next: String? = nil) {
        self.elements = elements
        self.next = next
    }

    package init(from decoder: any Decoder) throws {
        self.init(try [Element](from: decoder))
    }

    package func encode(to encoder: any Encoder) throws {
        try elements.encode(to: encoder)
    }
}

/// A ``Page`` with any elements.
package protocol AnyPage {
    /// The cursor of the next part; `nil`: this is the last.
    var next: String? { get set }
}

extension Page: AnyPage {}

/// An operation whose answer has pages.
package protocol PagedOperation<Element>: Operation where Answer == Page<Element> {
    /// What the list is of.
    associatedtype Element: Codable & Sendable

    /// How many elements at most; `nil`: as many as the operation gives by itself.
    var limit: Int? { get set }
    /// Where to go on: the ``Page/next`` of the part before; `nil`: at the beginning.
    var cursor: String? { get set }
}
