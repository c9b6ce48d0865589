// SPDX-License-Identifier: Apache-2.0

/// Finds many secrets in a text in one pass over its bytes (Aho and Corasick, 1975).
struct SecretMatcher: Sendable {
    private struct Node {
        let byte: UInt8
        /// The depth of the node.
        let depth: Int32
        var child: Int32 = 0
        var sibling: Int32 = 0
        /// The node for the longest suffix that is also a prefix of a secret.
        var fallback: Int32 = 0
        /// The length of the longest secret that ends here; 0: none.
        var length: Int32 = 0
    }

    private var nodes = [Node(byte: 0, depth: 0)]
    private var first = [Int32](repeating: 0, count: 256)

    init(_ secrets: some Sequence<[UInt8]>) {
        for secret in secrets where !secret.isEmpty { insert(secret) }
        link()
    }

    var isEmpty: Bool { nodes.count == 1 }

    private mutating func insert(_ secret: [UInt8]) {
        var node: Int32 = 0
        for byte in secret {
            var next = child(of: node, byte)
            if next == 0 {
                next = Int32(nodes.count)
                var new = Node(byte: byte, depth: nodes[Int(node)].depth + 1)
                new.sibling = nodes[Int(node)].child
                nodes.append(new)
                nodes[Int(node)].child = next
                if node == 0 { first[Int(byte)] = next }
            }
            node = next
        }
        nodes[Int(node)].length = nodes[Int(node)].depth
    }

    private func child(of node: Int32, _ byte: UInt8) -> Int32 {
        if node == 0 { return first[Int(byte)] }
        var child = nodes[Int(node)].child
        while child != 0, nodes[Int(child)].byte != byte { child = nodes[Int(child)].sibling }
        return child
    }

    /// In order of depth: a node's fallback is nearer to the root.
    private mutating func link() {
        var queue: [Int32] = [0]
        var next = 0
        while next < queue.count {
            let parent = queue[next]
            next += 1
            var node = nodes[Int(parent)].child
            while node != 0 {
                let fallback = parent == 0 ? 0 : step(from: nodes[Int(parent)].fallback, nodes[Int(node)].byte)
                nodes[Int(node)].fallback = fallback
                if nodes[Int(node)].length == 0 { nodes[Int(node)].length = nodes[Int(fallback)].length }
                queue.append(node)
                node = nodes[Int(node)].sibling
            }
        }
    }

    private func step(from start: Int32, _ byte: UInt8) -> Int32 {
        var node = start
        while true {
            let next = child(of: node, byte)
            if next != 0 || node == 0 { return next }
            node = nodes[Int(node)].fallback
        }
    }

    /// The ranges of all secrets, in order; overlapping and adjacent ones are joined.
    ///
    /// - Parameter isCut: Whether the text continues and the rest is not shown: then a secret's beginning at the end
    ///   counts as one.
    func places(in text: [UInt8], isCut: Bool = false) -> [Range<Int>] {
        var places: [Range<Int>] = []
        var node: Int32 = 0
        for (index, byte) in text.enumerated() {
            node = step(from: node, byte)
            let length = Int(nodes[Int(node)].length)
            if length > 0 { Self.add(index + 1 - length..<index + 1, to: &places) }
        }
        let begun = Int(nodes[Int(node)].depth)
        if isCut, begun >= SecretNotations.shortest { Self.add(text.count - begun..<text.count, to: &places) }
        return places
    }

    private static func add(_ place: Range<Int>, to places: inout [Range<Int>]) {
        var place = place
        while let last = places.last, last.upperBound >= place.lowerBound {
            place = min(last.lowerBound, place.lowerBound)..<max(last.upperBound, place.upperBound)
            places.removeLast()
        }
        places.append(place)
    }
}
