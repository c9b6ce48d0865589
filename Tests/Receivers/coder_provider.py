#!/usr/bin/env python3
"""A Terraform provider in the place of `coder/coder`, for tests: the same blocks, from the same variables of the environment.

It serves Terraform's plugin protocol, version 5, over gRPC. Terraform starts it; see `install` for how it finds it.

    coder_provider.py install DIRECTORY    lays it into a filesystem mirror, and prints what it must be able to read

With `CODER_PROVIDER_LOG`, it adds to that file what each run was given.
"""
import hashlib, json, os, sys, threading, uuid
from concurrent import futures
from pathlib import Path

COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
VERSION = "2.99.0"
MIRROR = f"registry.terraform.io/coder/coder/{VERSION}/linux_amd64"

# MARK: What it serves. An attribute is its type and a flag: r(equired), o(ptional), c(omputed), b(oth of the last two), with s for
# sensitive. A block is its nesting and its content.
TEXT, NUMBER, FLAG, TEXTS = "string", "number", "bool", ["map", "string"]
LIST, SET = 2, 3
SCHEDULE = (LIST, {"cron": (TEXT, "r"), "instances": (NUMBER, "r")})
DATA = {
    "coder_workspace": {
        "id": (TEXT, "c"), "access_url": (TEXT, "c"), "access_port": (NUMBER, "c"), "prebuild_count": (NUMBER, "c"),
        "start_count": (NUMBER, "c"), "transition": (TEXT, "c"), "is_prebuild": (FLAG, "c"),
        "is_prebuild_claim": (FLAG, "c"), "name": (TEXT, "c"), "template_id": (TEXT, "c"), "template_name": (TEXT, "c"),
        "template_version": (TEXT, "c"),
    },
    "coder_workspace_owner": {
        "id": (TEXT, "c"), "name": (TEXT, "c"), "full_name": (TEXT, "c"), "email": (TEXT, "c"),
        "ssh_public_key": (TEXT, "c"), "ssh_private_key": (TEXT, "cs"), "groups": (["list", TEXT], "c"),
        "session_token": (TEXT, "cs"), "oidc_access_token": (TEXT, "cs"), "login_type": (TEXT, "c"),
        "rbac_roles": (["list", ["object", {"name": TEXT, "org_id": TEXT}]], "c"),
    },
    "coder_parameter": {
        "id": (TEXT, "c"), "value": (TEXT, "c"), "name": (TEXT, "r"), "display_name": (TEXT, "o"),
        "description": (TEXT, "o"), "type": (TEXT, "o"), "form_type": (TEXT, "b"), "styling": (TEXT, "o"),
        "mutable": (FLAG, "o"), "default": (TEXT, "o"), "icon": (TEXT, "o"), "optional": (FLAG, "c"),
        "order": (NUMBER, "o"), "ephemeral": (FLAG, "o"),
        "option": (LIST, {"name": (TEXT, "r"), "description": (TEXT, "o"), "value": (TEXT, "r"), "icon": (TEXT, "o")}),
        "validation": (LIST, {
            "min": (NUMBER, "o"), "min_disabled": (FLAG, "c"), "max": (NUMBER, "o"), "max_disabled": (FLAG, "c"),
            "monotonic": (TEXT, "o"), "regex": (TEXT, "o"), "error": (TEXT, "o"),
        }),
    },
    "coder_workspace_preset": {
        "id": (TEXT, "c"), "name": (TEXT, "r"), "description": (TEXT, "o"), "icon": (TEXT, "o"), "default": (FLAG, "o"),
        "parameters": (TEXTS, "o"),
        "prebuilds": (SET, {
            "instances": (NUMBER, "r"), "expiration_policy": (SET, {"ttl": (NUMBER, "r")}),
            "scheduling": (LIST, {"timezone": (TEXT, "r"), "schedule": SCHEDULE}),
        }),
    },
    "coder_workspace_tags": {"id": (TEXT, "c"), "tags": (TEXTS, "o")},
    "coder_provisioner": {"id": (TEXT, "c"), "os": (TEXT, "c"), "arch": (TEXT, "c")},
    "coder_external_auth": {"id": (TEXT, "r"), "access_token": (TEXT, "cs"), "optional": (FLAG, "o")},
}
RESOURCES = {
    "coder_agent": {
        "id": (TEXT, "c"), "init_script": (TEXT, "c"), "token": (TEXT, "cs"), "arch": (TEXT, "r"), "os": (TEXT, "r"),
        "auth": (TEXT, "o"), "dir": (TEXT, "o"), "env": (TEXTS, "o"), "startup_script": (TEXT, "o"),
        "shutdown_script": (TEXT, "o"), "connection_timeout": (NUMBER, "o"), "troubleshooting_url": (TEXT, "o"),
        "motd_file": (TEXT, "o"), "startup_script_behavior": (TEXT, "o"), "order": (NUMBER, "o"),
        "api_key_scope": (TEXT, "o"),
        "metadata": (LIST, {
            "key": (TEXT, "r"), "display_name": (TEXT, "o"), "script": (TEXT, "r"), "timeout": (NUMBER, "o"),
            "interval": (NUMBER, "r"), "order": (NUMBER, "o"),
        }),
    },
    "coder_app": {
        "id": (TEXT, "c"), "agent_id": (TEXT, "r"), "slug": (TEXT, "r"), "display_name": (TEXT, "o"), "url": (TEXT, "o"),
        "icon": (TEXT, "o"), "subdomain": (FLAG, "o"), "share": (TEXT, "o"), "command": (TEXT, "o"),
    },
    "coder_script": {
        "id": (TEXT, "c"), "agent_id": (TEXT, "r"), "display_name": (TEXT, "r"), "script": (TEXT, "r"),
        "run_on_start": (FLAG, "o"), "run_on_stop": (FLAG, "o"), "start_blocks_login": (FLAG, "o"), "cron": (TEXT, "o"),
        "icon": (TEXT, "o"), "timeout": (NUMBER, "o"), "log_path": (TEXT, "o"),
    },
    "coder_env": {"id": (TEXT, "c"), "agent_id": (TEXT, "r"), "name": (TEXT, "r"), "value": (TEXT, "o")},
    "coder_metadata": {
        "id": (TEXT, "c"), "resource_id": (TEXT, "r"), "hide": (FLAG, "o"), "icon": (TEXT, "o"),
        "item": (LIST, {"key": (TEXT, "r"), "value": (TEXT, "o"), "sensitive": (FLAG, "o"), "is_null": (FLAG, "c")}),
    },
}


class Refused(Exception):
    pass


def variable(name, otherwise=""):
    return os.environ.get(name) or otherwise


def hashed(name):
    return hashlib.sha256(name.encode()).hexdigest()


def required(name):
    """Only a build must have it."""
    if variable("CODER_WORKSPACE_BUILD_ID") and not variable(name):
        raise Refused(f"{name} is required")
    return variable(name)


def read_workspace(config, url):
    transition = variable("CODER_WORKSPACE_TRANSITION", "start")
    claim = variable("CODER_WORKSPACE_IS_PREBUILD_CLAIM").lower() == "true"
    prebuild = variable("CODER_WORKSPACE_IS_PREBUILD").lower() == "true" and not claim
    port = url.rsplit(":", 1)[-1].rstrip("/")
    return {
        "id": variable("CODER_WORKSPACE_ID", str(uuid.uuid4())), "name": variable("CODER_WORKSPACE_NAME", "default"),
        "transition": transition, "start_count": 1 if transition == "start" else 0, "is_prebuild": prebuild,
        "prebuild_count": 1 if prebuild else 0, "is_prebuild_claim": claim, "access_url": url,
        "access_port": int(port) if port.isdigit() else 443 if url.startswith("https") else 80,
        "template_id": required("CODER_WORKSPACE_TEMPLATE_ID"),
        "template_name": required("CODER_WORKSPACE_TEMPLATE_NAME"),
        "template_version": required("CODER_WORKSPACE_TEMPLATE_VERSION"),
    }


def read_owner(config, url):
    return {
        "id": variable("CODER_WORKSPACE_OWNER_ID", str(uuid.uuid4())), "name": variable("CODER_WORKSPACE_OWNER", "default"),
        "full_name": variable("CODER_WORKSPACE_OWNER_NAME", "default"),
        "email": variable("CODER_WORKSPACE_OWNER_EMAIL", "default@example.com"),
        "ssh_public_key": variable("CODER_WORKSPACE_OWNER_SSH_PUBLIC_KEY"),
        "ssh_private_key": variable("CODER_WORKSPACE_OWNER_SSH_PRIVATE_KEY"),
        "groups": json.loads(variable("CODER_WORKSPACE_OWNER_GROUPS", "[]")),
        "session_token": variable("CODER_WORKSPACE_OWNER_SESSION_TOKEN"),
        "oidc_access_token": variable("CODER_WORKSPACE_OWNER_OIDC_ACCESS_TOKEN"),
        "login_type": variable("CODER_WORKSPACE_OWNER_LOGIN_TYPE"),
        "rbac_roles": [
            {"name": role.get("name"), "org_id": role.get("org_id")}
            for role in json.loads(variable("CODER_WORKSPACE_OWNER_RBAC_ROLES", "[]"))
        ],
    }


def read_parameter(config, url):
    name, kind = config["name"], config["type"] or "string"
    given = os.environ.get("CODER_PARAMETER_" + hashed(name))
    value = given if given is not None else config["default"]
    options = [option["value"] for option in config["option"]]
    multiple = config["form_type"] == "multi-select"
    if options and value is not None:
        for chosen in json.loads(value) if multiple else [value]:
            if chosen not in options:
                raise Refused(f'the value "{chosen}" must be defined as one of options')
    for rule in config["validation"]:
        rule["min_disabled"], rule["max_disabled"] = rule["min"] is None, rule["max"] is None
        if kind != "number" or value is None:
            continue
        if rule["min"] is not None and int(value) < rule["min"]:
            raise Refused(f"value {value} is less than the minimum {rule['min']}")
        if rule["max"] is not None and int(value) > rule["max"]:
            raise Refused(f"value {value} is more than the maximum {rule['max']}")
        before = os.environ.get("CODER_PARAMETER_PREVIOUS_" + hashed(name))
        if rule["monotonic"] == "increasing" and before is not None and int(value) < int(before):
            raise Refused(f"parameter value '{value}' must be equal or greater than previous value: {before}")
    fallback = "radio" if options else {"bool": "checkbox", "list(string)": "tag-select"}.get(kind, "input")
    return {
        **config, "id": str(uuid.uuid4()), "value": value or "", "optional": config["default"] is not None, "type": kind,
        "form_type": config["form_type"] or fallback, "mutable": bool(config["mutable"]),
        "ephemeral": bool(config["ephemeral"]), "styling": config["styling"] or "{}",
    }


def read_auth(config, url):
    return {**config, "access_token": variable("CODER_EXTERNAL_AUTH_ACCESS_TOKEN_" + config["id"])}


READERS = {
    "coder_workspace": read_workspace, "coder_workspace_owner": read_owner, "coder_parameter": read_parameter,
    "coder_workspace_preset": lambda config, url: {**config, "id": config["name"], "default": bool(config["default"])},
    "coder_workspace_tags": lambda config, url: {**config, "id": str(uuid.uuid4())},
    "coder_provisioner": lambda config, url: {"id": str(uuid.uuid4()), "os": "linux", "arch": "amd64"},
    "coder_external_auth": read_auth,
}


def agent(state, url):
    """What the provider sets anew in each build: a token, which is a new one unless the build gives one, and the script."""
    token = variable("CODER_RUNNING_WORKSPACE_AGENT_TOKEN_" + hashed(""), str(uuid.uuid4()))
    script = variable(f"CODER_AGENT_SCRIPT_{state['os']}_{state['arch']}")
    address = url.rstrip("/") + "/"
    script = script.replace("${ACCESS_URL}", address).replace("${AUTH_TYPE}", state["auth"] or "token")
    return {**state, "token": token, "init_script": script}


# MARK: Protocol Buffers: fields by number, without a schema.

def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def message(*fields):
    """Fields as (number, value); a value is bytes, text, a number or a flag. Empty ones are left out."""
    out = b""
    for number, value in fields:
        if isinstance(value, str):
            value = value.encode()
        if isinstance(value, bytes):
            out += varint(number << 3 | 2) + varint(len(value)) + value
        elif value:
            out += varint(number << 3) + varint(int(value))
    return out


def fields(data):
    found, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = number()
        if key & 7 == 2:
            size = number()
            value, at = data[at:at + size], at + size
        else:
            value = number()
        found[key >> 3] = value
    return found


# MARK: Values

class Unknown:
    pass


UNKNOWN = Unknown()


def value_of(data):
    import msgpack
    found = fields(data or b"")
    if 1 in found:
        return msgpack.unpackb(found[1], ext_hook=lambda code, data: UNKNOWN, strict_map_key=False)
    return json.loads(found[2]) if 2 in found else None


def dynamic(value):
    import msgpack
    packed = msgpack.packb(value, default=lambda unknown: msgpack.ExtType(0, b"\0"))
    return message((1, packed))


def block(content):
    parts = []
    for name, (first, second) in content.items():
        if isinstance(second, dict):
            parts.append((3, message((1, name), (2, block(second)), (3, first))))
        else:
            parts.append((2, message(
                (1, name), (2, json.dumps(first)), (4, "r" in second), (5, "o" in second or "b" in second),
                (6, "c" in second or "b" in second), (7, "s" in second),
            )))
    return message(*parts)


def schema(content, version=1):
    return message((1, version), (2, block(content)))


def diagnostic(text):
    return message((1, 1), (2, text))


class Provider:
    url = "https://mydeployment.coder.com"

    def GetSchema(self, request):
        entries = [(2, message((1, name), (2, schema(content)))) for name, content in RESOURCES.items()]
        entries += [(3, message((1, name), (2, schema(content)))) for name, content in DATA.items()]
        return message((1, schema({"url": (TEXT, "o")}, 0)), *entries)

    def PrepareProviderConfig(self, request):
        return message((1, request[1]))

    def ValidateResourceTypeConfig(self, request):
        return b""

    def ValidateDataSourceConfig(self, request):
        return b""

    def Configure(self, request):
        given = (value_of(request.get(2)) or {}).get("url")
        Provider.url = given or variable("CODER_AGENT_URL", Provider.url)
        if variable("CODER_PROVIDER_LOG"):
            given = {name: value for name, value in os.environ.items() if name.startswith("CODER_")}
            with open(variable("CODER_PROVIDER_LOG"), "a") as log:
                log.write(json.dumps(given) + "\n")
        return b""

    def UpgradeResourceState(self, request):
        return message((1, dynamic(json.loads(fields(request[3])[1]))))

    def ReadResource(self, request):
        state = value_of(request[2])
        if request[1] == b"coder_agent" and state:
            state = agent(state, self.url)
        return message((1, dynamic(state)))

    def ReadDataSource(self, request):
        try:
            return message((1, dynamic(READERS[request[1].decode()](value_of(request[2]), self.url))))
        except Refused as refused:
            return message((2, diagnostic(str(refused))))

    def PlanResourceChange(self, request):
        prior, proposed = value_of(request[2]), value_of(request[3])
        content = RESOURCES[request[1].decode()]
        if proposed is None:
            return message((1, dynamic(None)))
        computed = [name for name, (_, flag) in content.items() if not isinstance(flag, dict) and "c" in flag]
        paths = []
        if prior is not None:
            # Nothing of an agent can be changed in place.
            changed = [name for name in content if name not in computed and prior.get(name) != proposed.get(name)]
            paths = [(2, message((1, message((1, name))))) for name in changed]
        if prior is None or paths:
            proposed.update((name, UNKNOWN) for name in computed)
        return message((1, dynamic(proposed)), *paths, (5, True))

    def ApplyResourceChange(self, request):
        planned = value_of(request[3])
        if planned is not None:
            name = request[1].decode()
            planned = {key: None if value is UNKNOWN else value for key, value in planned.items()}
            planned["id"] = planned["id"] or str(uuid.uuid4())
            if name == "coder_agent":
                planned = agent(planned, self.url)
        return message((1, dynamic(planned)), (4, True))

    def Stop(self, request):
        return b""


# MARK: The plugin's frame

def certificate():
    """A key and a certificate for localhost, as Terraform expects them of a plugin."""
    import datetime
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem, made


def serve():
    import base64
    import grpc
    from cryptography.hazmat.primitives import serialization
    if os.environ.get("TF_PLUGIN_MAGIC_COOKIE") != COOKIE:
        sys.exit("This is a Terraform provider; Terraform starts it.")
    stopped, provider = threading.Event(), Provider()

    class Methods(grpc.GenericRpcHandler):
        def service(self, call):
            service, _, name = call.method.strip("/").partition("/")
            if service == "plugin.GRPCController" and name == "Shutdown":
                return grpc.unary_unary_rpc_method_handler(lambda request, context: stopped.set() or b"")
            method = getattr(provider, name, None) if service == "tfplugin5.Provider" else None
            return method and grpc.unary_unary_rpc_method_handler(lambda request, context: method(fields(request)))

    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=8), handlers=[Methods()],
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    told = ""
    if os.environ.get("PLUGIN_CLIENT_CERT"):
        key, made = certificate()
        pem = made.public_bytes(serialization.Encoding.PEM)
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, pem)]))
        told = base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode().rstrip("=")
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"1|5|tcp|127.0.0.1:{port}|grpc|{told}", flush=True)
    stopped.wait()
    server.stop(1).wait()


def install(directory):
    place = Path(directory) / MIRROR
    place.mkdir(parents=True, exist_ok=True)
    program = place / f"terraform-provider-coder_v{VERSION}"
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{Path(__file__).resolve()}' serve\n")
    program.chmod(0o755)
    # What a confined template must be able to read.
    for place in sorted({sys.base_prefix, sys.prefix, str(Path(__file__).resolve().parent), str(Path(directory).resolve())}):
        print(place)


if __name__ == "__main__":
    if sys.argv[1:2] == ["install"]:
        install(sys.argv[2])
    else:
        serve()
