// SPDX-License-Identifier: Apache-2.0

import Basics
import CLibCurl
import HTTPTypes

/// One request in progress: libcurl's easy handle and what its callbacks have gathered.
final class Transfer {
    let submission: Submission
    let easy: UnsafeMutableRawPointer
    let configuration: HTTPClientConfiguration

    /// The last address that the policy refused.
    var refusal: AddressRefusal?
    /// Of the current answer; an interim one (1xx) is replaced by what follows.
    var headers: HTTPFields = [:]
    var headerSize = 0
    var body: [UInt8] = []
    var isTruncated = false

    private var headerLines: UnsafeMutablePointer<curl_slist>?
    private let errorText: UnsafeMutablePointer<CChar>

    init(_ submission: Submission, _ configuration: HTTPClientConfiguration) throws(HTTPFailure) {
        guard let easy = curl_easy_init() else { throw HTTPFailure(.local, "libcurl has no memory for a transfer") }
        self.submission = submission
        self.configuration = configuration
        self.easy = easy
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try configure()
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headerLines)
        errorText.deallocate()
    }

    private func configure() throws(HTTPFailure) {
        let request = submission.request
        try judgeLiteral(request.url)
        try set(CURLOPT_ERRORBUFFER, errorText)
        try set(CURLOPT_NOSIGNAL, 1)
        // Otherwise a transfer that ends during name resolution waits for the resolver, and blocks all other transfers.
        try set(CURLOPT_QUICK_EXIT, 1)
        try set(CURLOPT_URL, request.url.text)
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        // Many requests at once would wait to learn whether one connection can carry them all.
        try set(CURLOPT_PIPEWAIT, request.url.isPlain ? 0 : 1)
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        try set(CURLOPT_USERAGENT, configuration.userAgent)
        if request.onBody == nil {
            try set(CURLOPT_TIMEOUT_MS, Int(configuration.timeout.milliseconds))
        } else {
            try set(CURLOPT_LOW_SPEED_LIMIT, 1)
            try set(CURLOPT_LOW_SPEED_TIME, 30)
        }
        try set(CURLOPT_CONNECTTIMEOUT_MS, Int(configuration.connectTimeout.milliseconds))
        try set(CURLOPT_DNS_CACHE_TIMEOUT, Int(configuration.nameCache.components.seconds))
        try configureProxy()
        if case .file(let path) = configuration.authorities {
            try set(CURLOPT_CAINFO, path)
            try set(CURLOPT_CAPATH, nil as UnsafeMutableRawPointer?)
        }
        try configureCallbacks()
        try configureContent(of: request)
    }

    /// Refuses an address that is written in the URL, before any resolution. Behind a proxy this is the only check of
    /// the server's address.
    private func judgeLiteral(_ url: EndpointURL) throws(HTTPFailure) {
        let policy = configuration.addressPolicy
        if let address = url.address, let refusal = policy.refusal(of: address, plain: url.isPlain) {
            throw HTTPFailure(.refusedAddress, refusal.description, address: address)
        }
        if configuration.proxy != .none && url.isPlain && !policy.allowsPlainHTTP {
            throw HTTPFailure(.refusedAddress, "a proxy would see and pass on plain http; use https")
        }
    }

    private func configureProxy() throws(HTTPFailure) {
        switch configuration.proxy {
        case .none: try set(CURLOPT_PROXY, "")
        case .environment: break
        case .url(let url): try set(CURLOPT_PROXY, url)
        }
    }

    private func configureContent(of request: HTTPClient.Request) throws(HTTPFailure) {
        if request.method == .delete { try set(CURLOPT_CUSTOMREQUEST, request.method.rawValue) }
        if request.method == .post {
            try set(CURLOPT_POST, 1)
            try set(CURLOPT_POSTFIELDSIZE, request.body.count)
            let code = request.body.withUnsafeBytes { bytes in
                let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                return stoker_curl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, start)
            }
            // With a null pointer and size 0 libcurl would read standard input instead.
            if request.body.isEmpty { try set(CURLOPT_COPYPOSTFIELDS, "") } else { try check(code) }
        }
        // No 100-continue: sending a body of some kilobytes is faster than asking first.
        var lines = ["Expect:"]
        for field in request.headers {
            // A semicolon is libcurl's way of writing a header without value.
            lines.append(field.value.isEmpty ? "\(field.name.rawName);" : "\(field.name.rawName): \(field.value)")
        }
        for line in lines {
            guard let list = curl_slist_append(headerLines, line) else {
                throw HTTPFailure(.local, "libcurl has no memory for a header")
            }
            headerLines = list
        }
        try set(CURLOPT_HTTPHEADER, headerLines)
    }

    func set(_ option: CURLoption, _ value: Int) throws(HTTPFailure) {
        try check(stoker_curl_set_long(easy, option, value))
    }

    func set(_ option: CURLoption, _ value: String) throws(HTTPFailure) {
        try check(stoker_curl_set_string(easy, option, value))
    }

    func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) throws(HTTPFailure) {
        try check(stoker_curl_set_pointer(easy, option, value))
    }

    func check(_ code: CURLcode) throws(HTTPFailure) {
        guard code == CURLE_OK else { throw HTTPFailure(.local, String(cString: curl_easy_strerror(code))) }
    }

    /// libcurl's own words about what went wrong.
    var message: String { String(cString: errorText) }
}
