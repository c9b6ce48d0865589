#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A template's program that tries to get at what is not its own, and says in a report what it got.

`targets.json` beside it says where to look, and what the secrets hold.
"""
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

with open("targets.json") as file:
    targets = json.load(file)
share, data, work, marks = targets["share"], targets["data"], targets["work"], targets["marks"]
got, tried, works = [], 0, []
inherited = [fd for fd in range(3, 1024) if os.path.exists(f"/proc/self/fd/{fd}")]
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
PTRACE_ATTACH, PTRACE_DETACH, PTRACE_SEIZE = 16, 17, 0x4206


def attempt(what, deed):
    global tried
    tried += 1
    try:
        loot = deed()
    except (OSError, subprocess.SubprocessError):
        return
    if loot:
        got.append(f"{what}: {str(loot)[:200]}")


def contents(path):
    with open(path, "rb") as file:
        return file.read(1 << 20)


def opened(path):
    # Some of these open for anybody and then show nothing.
    os.close(os.open(path, os.O_RDONLY))
    return path if path.endswith("/mem") else contents(path)


def marked(path):
    text = contents(path)
    return [mark for mark in marks if mark.encode() in text]


def trace(process):
    for request in (PTRACE_SEIZE, PTRACE_ATTACH):
        if libc.ptrace(request, process, None, None) == 0:
            if request == PTRACE_ATTACH:
                os.waitpid(process, 0)
            libc.ptrace(PTRACE_DETACH, process, None, None)
            return True
    return False


def signal(process):
    os.kill(process, 0)
    return True


def written(path):
    # Could be written to; nothing is, so that a test that fails leaves everything as it was.
    is_new = not os.path.exists(path)
    open(path, "a").close()
    if is_new:
        os.unlink(path)
    return path


def processes():
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        # Kernel threads have no memory to look into, and Terraform's own processes are this build's.
        try:
            if contents(f"/proc/{name}/cmdline") and not is_own(int(name)):
                yield int(name)
        except OSError:
            pass


def parent(process):
    with open(f"/proc/{process}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def leader():
    """The first process of this build: a child of the guard, and the leader of the process group."""
    return os.getpgrp()


def is_own(process):
    while process > 1:
        if process == leader():
            return True
        process = parent(process)
    return False


def steal():
    deadline = time.monotonic() + 60
    while not os.path.exists(f"{share}/victim-began"):
        if time.monotonic() > deadline:
            sys.exit("no victim came")
        time.sleep(0.05)

    guard = parent(leader())
    family = {"guard": guard, "worker": parent(guard)}
    names = {process: name for name, process in family.items()}
    for process in [*family.values(), *processes()]:
        name, place = names.get(process, f"process {process}"), f"/proc/{process}"
        for file in ("environ", "mem", "maps", "auxv", "syscall", "stack", "io", "task"):
            attempt(f"{file} of {name}", lambda: opened(f"{place}/{file}"))
        for link in ("cwd", "root", "exe"):
            attempt(f"{link} of {name}", lambda: os.readlink(f"{place}/{link}"))
            attempt(f"files in {link} of {name}", lambda: os.listdir(f"{place}/{link}/"))
        attempt(f"descriptors of {name}", lambda: [os.readlink(f"{place}/fd/{fd}") for fd in os.listdir(f"{place}/fd")])
        # How many the others of one's user have is no secret; of these even that is none of its business.
        if name in family:
            attempt(f"the number of descriptors of {name}", lambda: os.listdir(f"{place}/fd"))
        attempt(f"command line of {name}", lambda: marked(f"{place}/cmdline"))
        if name in family:
            attempt(f"tracing {name}", lambda: trace(process))
        attempt(f"signalling {name}", lambda: signal(process))
    attempt("own environment", lambda: marked("/proc/self/environ"))

    for path in targets["secrets"] + [f"{data}/up.json", f"{data}/postgres/pgpass", f"{data}/postgres/data/PG_VERSION"]:
        attempt(path, lambda: contents(path))
        attempt(path, lambda: written(path))
    rooms = [f"{work}/{room}" for room in ("", "executions", "workspaces", "spool", "kept", "cache/templates")]
    for path in [data, f"{data}/postgres", f"{data}/postgres/socket", share + "/..", "/tmp", *rooms]:
        attempt(f"files in {path}", lambda: os.listdir(path))
        attempt(f"files in {path}", lambda: written(f"{path}/stolen"))
    for path in (f"{work}/cache", f"{work}/cache/plugins", "/usr/local/bin", "/etc", "/dev/shm"):
        attempt(f"a file in {path}", lambda: written(f"{path}/stolen"))
    with open(f"{share}/victim-began") as file:
        victim = file.read().strip()
    attempt("the state of another", lambda: contents(f"{victim}/private"))
    attempt("a link to the state of another", lambda: os.link(f"{victim}/private", "private") or contents("private"))

    for password in (None, "stoker", "postgres", ""):
        environment = {**os.environ, "PGPASSFILE": f"{data}/postgres/pgpass", "PGCONNECT_TIMEOUT": "5"}
        if password is not None:
            environment["PGPASSWORD"] = password
        for user in ("stoker", "postgres"):
            command = ["psql", "-w", "-h", f"{data}/postgres/socket", "-U", user, "-c", "SELECT 1", "stoker"]
            attempt(f"the database as {user}", lambda: subprocess.run(command, env=environment, check=True, capture_output=True))

    # What setuid programs would give, and what was inherited.
    attempt("privileges", lambda: b"NoNewPrivs:\t1" not in contents("/proc/self/status"))
    attempt("descriptors", lambda: inherited)
    attempt("a core", lambda: resource.getrlimit(resource.RLIMIT_CORE) != (0, 0))


def work_as_usual():
    """What any template may do."""
    os.makedirs(os.path.expanduser("~/.cache/thing"))
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")
    subprocess.run(["git", "init", "-q", "repository"], check=True, cwd=tempfile.gettempdir())
    with open("/dev/null", "w") as null, open("/dev/urandom", "rb") as random:
        null.write(str(random.read(1)))
    kept = os.environ.get("STOKER_WORKSPACE_DIRECTORY")
    if kept:
        with open(f"{kept}/kept", "w") as file:
            file.write("kept")
    subprocess.run(["sh", "-c", "cat <<END >made && mv made moved && kill -0 $$\nhere\nEND"], check=True)


if sys.argv[1:2] == ["start"]:
    steal()
    work_as_usual()
    limits = [resource.getrlimit(kind)[1] for kind in (resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE)]
    report = {"got": sorted(set(got)), "tried": tried, "user": os.getuid(), "limits": limits, "groups": os.getgroups()}
    with open(f"{share}/{targets['report']}.new", "w") as file:
        json.dump(report, file)
    os.rename(f"{share}/{targets['report']}.new", f"{share}/{targets['report']}")
print('{"type":"result"}')
