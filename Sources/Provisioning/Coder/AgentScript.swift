// SPDX-License-Identifier: Apache-2.0

/// The script that the provider gives a template as `init_script` of an agent: a small agent in POSIX shell. It needs
/// `curl` or `wget`, and no root.
///
/// It fetches what its workspace should run (`GET /agents/me/manifest`), runs it, reports `ready` or `start_error`, and
/// waits for the news that the workspace was claimed; then it does the same with the claimed workspace's manifest. The
/// provider puts the server's address in place of `${ACCESS_URL}`.
enum AgentScript {
    static let text = #"""
        #!/bin/sh
        # Starts the workspace's agent. CODER_AGENT_TOKEN is its token.
        set -u
        url="${ACCESS_URL}"
        url="${url%/}/api/v1/agents/me"
        token="${CODER_AGENT_TOKEN:-}"
        if [ -z "$token" ] && [ -n "${CODER_AGENT_TOKEN_FILE:-}" ]; then token=$(cat "$CODER_AGENT_TOKEN_FILE"); fi
        if [ -z "$token" ]; then echo "agent: CODER_AGENT_TOKEN is not set" >&2; exit 1; fi
        work=$(mktemp -d "${TMPDIR:-/tmp}/agent.XXXXXX") || exit 1
        say() { echo "agent: $*" >&2; }

        if command -v curl > /dev/null 2>&1; then
          # The token is not among the arguments, which every process can see.
          printf 'header = "Authorization: Bearer %s"\n' "$token" > "$work/curl"
          get() { curl -fsS -K "$work/curl" --max-time 30 "$1"; }
          report() { curl -fsS -K "$work/curl" --max-time 30 -H 'Content-Type: application/json' -d "$1" "$url/ready" > /dev/null; }
          listen() { exec curl -fsSN -K "$work/curl" -H "Last-Event-ID: $1" "$url/reinit"; }
        elif command -v wget > /dev/null 2>&1; then
          get() { wget -q -O - -T 30 --header "Authorization: Bearer $token" "$1"; }
          report() { wget -q -O /dev/null -T 30 --header "Authorization: Bearer $token" --header 'Content-Type: application/json' --post-data "$1" "$url/ready"; }
          listen() { exec wget -q -O - -T 60 --header "Authorization: Bearer $token" --header "Last-Event-ID: $1" "$url/reinit"; }
        else
          say "neither curl nor wget is installed, so this workspace cannot report that it is ready"
          exit 1
        fi
        chmod 700 "$work"

        retry() { # a command, until it succeeds
          until "$@"; do sleep 2; done
        }
        fetch() { get "$url/manifest?as=shell" > "$work/manifest.sh"; }
        start() {
          retry fetch 2> /dev/null
          if sh "$work/manifest.sh"; then state=ready; else state=start_error; fi
          say "$state"
        }

        listener=
        trap 'kill ${listener:-} 2> /dev/null; rm -rf "$work"; exit 0' HUP INT TERM
        heard=0
        start
        retry report "{\"state\": \"$state\"}" 2> /dev/null
        while true; do
          : > "$work/events"
          listen "$heard" 2> /dev/null >> "$work/events" &
          listener=$!
          claimed=
          while kill -0 "$listener" 2> /dev/null; do
            claimed=$(sed -n 's/^id: *\([0-9a-f-]*\).*/\1/p' "$work/events" | tail -n 1)
            [ -z "$claimed" ] || break
            sleep 1
          done
          [ -n "$claimed" ] || claimed=$(sed -n 's/^id: *\([0-9a-f-]*\).*/\1/p' "$work/events" | tail -n 1)
          if [ -n "$claimed" ] && [ "$claimed" != "$heard" ]; then
            heard=$claimed
            kill "$listener" 2> /dev/null
            say "the workspace was claimed"
            start
            retry report "{\"state\": \"$state\", \"reinit\": \"$heard\"}" 2> /dev/null
          else
            wait "$listener"
            sleep 2
          fi
        done

        """#
}
