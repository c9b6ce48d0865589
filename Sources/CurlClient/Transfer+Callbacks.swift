// SPDX-License-Identifier: Apache-2.0

import CLibCurl
import Glibc
import HTTPTypes

extension Transfer {
    /// Returned to libcurl instead of the number of bytes taken, to end a transfer.
    private static let stop = 0

    func configureCallbacks() throws(HTTPFailure) {
        // Unretained: the loop holds the transfer for as long as its handle is in use.
        let context = Unmanaged.passUnretained(self).toOpaque()
        try set(CURLOPT_WRITEDATA, context)
        try check(
            stoker_curl_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, _, count, context in
                guard let bytes, let context else { return Transfer.stop }
                let chunk = UnsafeRawBufferPointer(start: bytes, count: count)
                return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().takeBody(chunk)
            }
        )
        try set(CURLOPT_HEADERDATA, context)
        try check(
            stoker_curl_set_data_callback(easy, CURLOPT_HEADERFUNCTION) { bytes, _, count, context in
                guard let bytes, let context else { return Transfer.stop }
                let line = UnsafeRawBufferPointer(start: bytes, count: count)
                return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().takeHeader(line)
            }
        )
        try set(CURLOPT_OPENSOCKETDATA, context)
        try check(
            stoker_curl_set_opensocket(easy) { context, _, address in
                guard let context, let address else { return -1 }
                return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().openSocket(address)
            }
        )
    }

    private func takeBody(_ chunk: UnsafeRawBufferPointer) -> Int {
        if let onBody = submission.request.onBody {
            onBody(Array(chunk))
            return chunk.count
        }
        let room = configuration.maximumBodySize - body.count
        body.append(contentsOf: chunk.prefix(room))
        isTruncated = chunk.count > room
        return isTruncated ? Self.stop : chunk.count
    }

    private func takeHeader(_ line: UnsafeRawBufferPointer) -> Int {
        headerSize += line.count
        guard headerSize <= configuration.maximumHeaderSize else { return Self.stop }
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            headers.removeAll()
        } else if let colon = text.firstIndex(of: ":"), let name = HTTPField.Name(String(text[..<colon])) {
            // Without the surrounding blanks.
            headers.append(HTTPField(name: name, value: String(text[text.index(after: colon)...])))
        }
        return line.count
    }

    /// libcurl connects the socket made here to exactly this address, so no other answer for the name can replace it.
    private func openSocket(_ target: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        guard let address = IPAddress(stoker_curl_address(target)) else { return -1 }
        if let refusal = configuration.addressPolicy.refusal(of: address, plain: submission.request.url.isPlain) {
            self.refusal = refusal
            return -1
        }
        let type = target.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return socket(target.pointee.family, type, target.pointee.protocol)
    }
}
