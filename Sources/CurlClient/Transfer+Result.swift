// SPDX-License-Identifier: Apache-2.0

import CLibCurl
import HTTPTypes

extension Transfer {
    /// The result for the caller, once libcurl has ended the transfer with `code`.
    func result(_ code: CURLcode) -> Result<HTTPClient.Response, HTTPFailure> {
        // A body that we cut ends the transfer with an error of libcurl, but the answer is valid.
        if code == CURLE_OK || (code == CURLE_WRITE_ERROR && isTruncated) {
            // libcurl passes on its own interpretation of a malformed first line.
            guard (100...999).contains(status) else {
                let failure = HTTPFailure(.protocol, "the answer has no status", address: address, latency: latency)
                return .failure(failure)
            }
            let response = HTTPClient.Response(
                status: HTTPResponse.Status(code: status),
                headers: headers,
                body: body,
                isTruncated: isTruncated,
                address: address,
                latency: latency
            )
            return .success(response)
        }
        if let refusal, address == nil {
            return .failure(
                HTTPFailure(.refusedAddress, refusal.description, address: refusal.address, latency: latency)
            )
        }
        return .failure(HTTPFailure(failureCode(code), words(code), address: address, latency: latency))
    }

    private func failureCode(_ code: CURLcode) -> HTTPFailure.Code {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .dns
        case CURLE_COULDNT_CONNECT, CURLE_PROXY, CURLE_INTERFACE_FAILED: .connect
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE: .reset
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CIPHER, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_SHUTDOWN_FAILED,
            CURLE_USE_SSL_FAILED, CURLE_SSL_CLIENTCERT:
            .tls
        case CURLE_WRITE_ERROR where headerSize > configuration.maximumHeaderSize: .tooLarge
        // libcurl's message for a line that exceeds its own limit, before the callback sees any of it.
        case CURLE_OUT_OF_MEMORY where address != nil: .tooLarge
        // Its message for a header without a name.
        case CURLE_BAD_FUNCTION_ARGUMENT where address != nil: .protocol
        case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_WRITE_ERROR: .local
        default: .protocol
        }
    }

    private func words(_ code: CURLcode) -> String {
        if headerSize > configuration.maximumHeaderSize || failureCode(code) == .tooLarge {
            return "the answer has more than \(configuration.maximumHeaderSize) bytes of headers"
        }
        if code == CURLE_BAD_FUNCTION_ARGUMENT, address != nil { return "the answer has a header that cannot be read" }
        return message.isEmpty ? String(cString: curl_easy_strerror(code)) : message
    }

    private var status: Int {
        var value = 0
        stoker_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &value)
        return value
    }

    private var latency: Duration {
        var microseconds: curl_off_t = 0
        stoker_curl_get_offset(easy, CURLINFO_TOTAL_TIME_T, &microseconds)
        return .microseconds(microseconds)
    }

    private var address: IPAddress? {
        var text: UnsafeMutablePointer<CChar>?
        stoker_curl_get_string(easy, CURLINFO_PRIMARY_IP, &text)
        return text.flatMap { IPAddress(String(cString: $0)) }
    }
}
