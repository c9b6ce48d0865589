// SPDX-License-Identifier: Apache-2.0

/// Something that people and programs ask of Stoker, as a value.
///
/// A command makes one and performs it on the database, or sends it to a server, which makes the same value of the request
/// and performs it there. So whatever can be asked is done in one place, whoever asks.
///
/// Its stored properties are the ``Route/fields`` of its route, by name.
package protocol Operation: Codable, Sendable {
    /// What is answered: the value that commands print and the API sends.
    associatedtype Answer: Codable & Sendable

    /// How it is asked for over HTTP, and who may.
    static var route: Route { get }

    /// Whether it may wait for long: then it ends when whoever asked has gone.
    var mayWait: Bool { get }

    /// Does it. Throws ``Refusal``, or the errors of the rooms below, in words for the person who asked.
    func perform(in context: OperationContext) async throws -> Answer
}

extension Operation {
    package var mayWait: Bool { false }
}

/// The answer of what has nothing to tell.
package struct NoContent: Hashable, Sendable, Codable {
    package init() {}
}

/// A part of a list that may be long. As JSON it is the elements; where it goes on is told beside it.
package struct Page<Element: Codable & Sendable>: Codable, Sendable {
    package let elements: [Element]
    /// What to ask for to get the next part; `nil`: this is the last.
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

/// A ``Page`` whatever its elements.
package protocol AnyPage {
    /// The cursor of the next part; `nil`: this is the last.
    var next: String? { get set }
}

extension Page: AnyPage {}

/// An operation whose answer may go on.
package protocol PagedOperation<Element>: Operation where Answer == Page<Element> {
    /// What the list is of.
    associatedtype Element: Codable & Sendable

    /// How many elements at most; `nil`: as many as the operation gives by itself.
    var limit: Int? { get set }
    /// Where to go on: the ``Page/next`` of the part before; `nil`: at the beginning.
    var cursor: String? { get set }
}
