// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Testing

@Suite struct EndpointURLTests {
    @Test func `a URL is taken apart as the sender will read it`() throws {
        let url = try EndpointURL("HTTPS://Example.com/hooks/secret?token=1")
        #expect(
            [url.text, url.host, "\(url.port)", "\(url.isPlain)", url.origin, "\(url)"] == [
                "https://Example.com/hooks/secret?token=1", "Example.com", "443", "false", "https://Example.com:443",
                "https://Example.com:443",
            ]
        )
    }

    @Test(arguments: [
        ("http://127.0.0.1:8080/x", "127.0.0.1"), ("http://2130706433/", "127.0.0.1"), ("http://0x7f.1/", "127.0.0.1"),
        ("http://017700000001/", "127.0.0.1"), ("http://127.1/", "127.0.0.1"), ("http://[::1]:80/", "::1"),
        ("http://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1"),
    ])
    func `a host written as an address is recognised in every spelling`(text: String, address: String) throws {
        #expect(try EndpointURL(text).address?.description == address)
    }

    @Test(arguments: [
        ("https://user:password@example.com/", EndpointURLError.credentials),
        ("https://user@example.com/", .credentials),
        ("https://@example.com/", .credentials),
        ("ftp://example.com/", .scheme), ("file:///etc/passwd", .scheme), ("gopher://example.com/", .scheme),
        ("javascript://example.com/", .scheme), ("example.com/hook", .scheme), ("/hook", .scheme), ("", .scheme),
        ("https://", .noHost), ("https:///path", .noHost), ("https:/path", .scheme), ("https://\\path", .malformed),
        ("https://example.com:0/", .port), ("https://example.com:65536/", .port), ("https://example.com:x/", .port),
        ("https://example.com/#fragment", .fragment),
        ("https://example.com/a b", .malformed), ("https://example.com/\r\nHost: x", .malformed),
        ("https://exa\u{0}mple.com/", .malformed), ("https://[::1/", .malformed),
        ("https://example.com/" + String(repeating: "x", count: 4096), .tooLong),
    ])
    func `a URL that cannot be an endpoint is refused with its reason`(text: String, reason: EndpointURLError) {
        let error = #expect(throws: EndpointURLError.self) { try EndpointURL(text) }
        #expect(error == reason)
    }

    @Test func `no error repeats the URL, which may hold a password`() {
        let error = #expect(throws: EndpointURLError.self) { try EndpointURL("https://user:hunter2@example.com/") }
        #expect(
            error?.description
                == "the URL holds a user name or password; put an Authorization header on the endpoint instead"
        )
    }
}
