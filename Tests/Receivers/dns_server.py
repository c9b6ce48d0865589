# SPDX-License-Identifier: Apache-2.0
"""A name server that rebinds (dnslib). To the n-th question for an address of any name it answers the n-th address given,
and the last one for ever after, never to be cached. It prints {"port": N} when it answers, then one JSON line for each
question."""

import argparse
import json
import threading

from dnslib import AAAA, QTYPE, RR, A
from dnslib.server import BaseResolver, DNSLogger, DNSServer

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--address", default="127.0.0.1")
parser.add_argument("--port", type=int, default=53)
parser.add_argument("answers", nargs="+")
arguments = parser.parse_args()


class Rebinding(BaseResolver):
    def __init__(self):
        self.left = list(arguments.answers)
        self.lock = threading.Lock()

    def resolve(self, request, handler):
        reply = request.reply()
        kind = QTYPE[request.q.qtype]
        with self.lock:
            address = self.left[0]
            # A resolver asks for either family; the answer counts once it has been given.
            if (kind == "AAAA") == (":" in address) and kind in ("A", "AAAA"):
                if len(self.left) > 1:
                    self.left.pop(0)
                data = AAAA(address) if kind == "AAAA" else A(address)
                reply.add_answer(RR(request.q.qname, request.q.qtype, rdata=data, ttl=0))
                print(json.dumps({"asked": str(request.q.qname), "answer": address}), flush=True)
        return reply


server = DNSServer(Rebinding(), address=arguments.address, port=arguments.port, logger=DNSLogger("", False))
server.start_thread()
print(json.dumps({"port": arguments.port}), flush=True)
threading.Event().wait()
