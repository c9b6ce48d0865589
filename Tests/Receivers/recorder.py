# SPDX-License-Identifier: Apache-2.0
"""Takes down every request and refuses it: what a command asks of a server is seen without there being one."""

import argparse
import http.server
import json
import time

PROBLEM = json.dumps({"type": "about:blank", "title": "Recorded", "status": 404}).encode()


class Recorder(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        request = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode(errors="replace"),
            "verified": False,
            "client_port": self.client_address[1],
            "received_at": time.time(),
        }
        print(json.dumps(request), flush=True)
        self.send_response(404)
        self.send_header("Content-Type", "application/problem+json")
        self.send_header("Content-Length", str(len(PROBLEM)))
        self.end_headers()
        self.wfile.write(PROBLEM)

    do_GET = do_POST = do_DELETE = answer


options = argparse.ArgumentParser()
options.add_argument("--address", default="127.0.0.1")
options.add_argument("--port", type=int, default=0)
arguments = options.parse_args()
server = http.server.ThreadingHTTPServer((arguments.address, arguments.port), Recorder)
print(json.dumps({"port": server.server_address[1]}), flush=True)
server.serve_forever()
