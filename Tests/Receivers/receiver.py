# SPDX-License-Identifier: Apache-2.0
"""A webhook receiver for tests. The path says how it answers:

  /ok              200; the signature is checked with the package standardwebhooks, 401 when it is wrong
  /status/N        N; ?retry_after=SECONDS and ?retry_date=SECONDS add Retry-After, as seconds or as a date
  /flaky/N         500 to the first N requests of that path, then as /ok
  /redirect        302 to /target, which answers 200
  /hang            reads the request and never answers
  /reset           resets the connection
  /half            announces 100 bytes, sends 10, and ends the connection
  /drip            answers with one byte a second
  /large           answers 50 MB
  /nul             200, with a NUL in the body
  /echo            200, with the request's path and headers as the body
  /headers         answers with headers without end
  /nonsense        answers with something that is not HTTP
  /requests (GET)  the requests so far as JSON, those to /requests left out

Anything may follow: /ok/first and /ok/second are both /ok. It prints {"port": N} when it listens, then one JSON line
for each request, when it has been read and before it is answered.
"""

import argparse
import email.utils
import json
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook

LARGE = 50 * 1024 * 1024


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, address, secrets):
        super().__init__(address, Handler)
        self.webhooks = [Webhook(secret) for secret in secrets]
        self.requests = []
        self.counts = Counter()
        self.lock = threading.Lock()

    def handle_error(self, request, client_address):
        """A client that goes away is part of the tests."""

    def note(self, request):
        """Records a request; returns how many of its path came before it."""
        with self.lock:
            self.requests.append(request)
            earlier = self.counts[request["path"]]
            self.counts[request["path"]] += 1
            print(json.dumps(request), flush=True)
        return earlier

    def verification_error(self, body, headers):
        """None when one of the secrets signed the request, else what is wrong with it."""
        error = "no secret to check with"
        for webhook in self.webhooks:
            try:
                webhook.verify(body, headers, json_parse=False)
                return None
            except Exception as problem:
                error = str(problem)
        return error


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        """The JSON lines are the log."""

    def do_GET(self):
        if self.path == "/requests":
            with self.server.lock:
                body = json.dumps(self.server.requests).encode()
            self.answer(200, body)
        else:
            self.receive()

    def do_POST(self):
        self.receive()

    def receive(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        error = self.server.verification_error(body, headers) if self.server.webhooks else None
        url = urllib.parse.urlsplit(self.path)
        earlier = self.server.note(
            {
                "method": self.command,
                "path": url.path,
                "headers": headers,
                "body": body.decode("utf-8", "replace"),
                "verified": bool(self.server.webhooks) and error is None,
                "error": error,
                "client_port": self.client_address[1],
                "received_at": time.time(),
            }
        )
        words = url.path.split("/")
        mode = getattr(self, "mode_" + words[1], self.mode_unknown)
        mode(words[2:], dict(urllib.parse.parse_qsl(url.query)), earlier, error)

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def mode_ok(self, words, query, earlier, error):
        self.answer(401 if error else 200, (error or "ok").encode())

    def mode_status(self, words, query, earlier, error):
        headers = []
        if "retry_after" in query:
            headers.append(("Retry-After", query["retry_after"]))
        if "retry_date" in query:
            at = time.time() + int(query["retry_date"])
            headers.append(("Retry-After", email.utils.formatdate(at, usegmt=True)))
        self.answer(int(words[0]), b"as asked", headers)

    def mode_flaky(self, words, query, earlier, error):
        if earlier < int(words[0]):
            self.answer(500)
        else:
            self.mode_ok(words, query, earlier, error)

    def mode_redirect(self, words, query, earlier, error):
        self.answer(302, headers=[("Location", "/target")])

    def mode_target(self, words, query, earlier, error):
        self.answer(200)

    def mode_hang(self, words, query, earlier, error):
        # Until the client has gone: it sends nothing more, so reading ends with its end of the connection.
        self.rfile.read(1)
        self.close_connection = True

    def mode_reset(self, words, query, earlier, error):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def mode_half(self, words, query, earlier, error):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789")
        self.close_connection = True

    def mode_drip(self, words, query, earlier, error):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3600\r\n\r\n")
        for _ in range(3600):
            self.wfile.write(b".")
            time.sleep(1)

    def mode_large(self, words, query, earlier, error):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE)
        chunk = b"x" * 65536
        for _ in range(LARGE // len(chunk)):
            self.wfile.write(chunk)

    def mode_nul(self, words, query, earlier, error):
        self.answer(200, b"so\0so")

    def mode_echo(self, words, query, earlier, error):
        self.answer(200, (self.path + "\n" + str(self.headers)).encode())

    def mode_headers(self, words, query, earlier, error):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(1_000_000):
            self.wfile.write(b"X-Filler-%d: %s\r\n" % (number, b"x" * 1000))

    def mode_nonsense(self, words, query, earlier, error):
        self.wfile.write(b"this is not HTTP\r\n\r\n")
        self.close_connection = True

    def mode_unknown(self, words, query, earlier, error):
        self.answer(404)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--secret", action="append", default=[], help="whsec_...; may be given more than once")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"), help="speak HTTPS with these PEM files")
    arguments = parser.parse_args()

    server = Server((arguments.address, arguments.port), arguments.secret)
    if arguments.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*arguments.tls)
        # The handshake belongs to the connection's thread, not to the one that accepts.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(json.dumps({"port": server.server_address[1]}), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
