// SPDX-License-Identifier: Apache-2.0

// Made of Config/templates by Scripts/embed-examples; a test compares them.
extension ExampleTemplate {
    static let processManifest = #"""
        name: process-local
        display_name: Process, local
        description: Workspaces of a directory and a running process, made by a shell script; needs nothing but sh, and curl for its agent.
        provisioner: process
        executable: provision
        agents: [main]

        parameters:
          image:
            description: What the workspace starts from.
            type: string
            default: base
            validation:
              regex: ^[a-z0-9][a-z0-9-]*$
              error: The image must be lower-case letters, digits and dashes.
            display_order: 0
          interval:
            description: Seconds between two signs of life of the workspace's process.
            type: number
            default: 5
            validation: { min: 1, max: 3600 }
            mutable: true
            display_order: 1

        presets:
          - name: base
            description: Two ready at any time.
            default: true
            parameters: { image: base }
            prebuilds:
              instances: 2
              expiration_policy: { ttl: 24h }

        """#

    static let processProgram = #"""
        #!/bin/sh
        # Builds a workspace that is a directory and a process running in it. README.md describes what Stoker expects.
        set -eu
        umask 077

        transition=$1
        request=$(cat)
        workspace=${STOKER_WORKSPACE_ID:?}
        # The same for every build of this workspace, so that even a build whose state was lost finds what it left behind. Not below
        # TMPDIR: that is this build's own, and ends with it.
        directory=${WORKSPACES_DIRECTORY:-/tmp}/stoker-workspace-$workspace

        # --- What Stoker reads: one JSON object a line -------------------------------------------------------------------

        quoted() {
            printf '"%s"' "$(printf '%s' "$1" | tr -d '\000-\037' | sed 's/\\/\\\\/g; s/"/\\"/g')"
        }

        log() {
            printf '{"type":"log","level":"info","stage":"%s","output":%s}\n' "$transition" "$(quoted "$1")"
        }

        state() {
            printf '{"type":"state","state":{"workspace_directory":%s,"workspace_pid":%s}}\n' "$(quoted "$directory")" "$1"
        }

        resource() {
            printf '{"type":"resource","resource_type":"%s","name":"workspace","address":"%s.workspace","daily_cost":0}\n' \
                "$1" "$1"
        }

        fail() {
            printf '{"type":"result","error":%s,"code":"%s"}\n' "$(quoted "$2")" "$1"
            exit 1
        }

        # --- What Stoker says ----------------------------------------------------------------------------------------------

        # A parameter or a member of the state. Good for plain values, as those of this template are; a quote inside of a
        # value is escaped in JSON, so no value can pass for a name.
        member() {
            printf '%s' "$request" | tr -d '\n' |
                sed -n "s/.*\"$1\"[[:space:]]*:[[:space:]]*\"\{0,1\}\([^\",}]*\).*/\1/p"
        }

        # --- The workspace's process ---------------------------------------------------------------------------------------

        # A number in a file may be another process's by now: ours has the directory among its arguments.
        is_ours() {
            [ -n "$1" ] && tr '\000' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -qF "$directory/run"
        }

        running_pid() {
            for candidate in "$(cat "$directory/pid" 2>/dev/null)" "$(member workspace_pid)"; do
                if is_ours "$candidate"; then
                    echo "$candidate"
                    return
                fi
            done
        }

        start_process() {
            cat >"$directory/run" <<'RUN'
        #!/bin/sh
        # Shows signs of life until it is stopped, or its directory is gone.
        directory=$1 interval=$2
        cd "$directory"
        echo $$ >pid
        [ ! -e agent ] || sh "$directory/agent" "$directory" >>agent.log 2>&1 &
        while [ -d "$directory" ]; do
            date -u +%Y-%m-%dT%H:%M:%SZ >alive
            sleep "$interval"
        done
        RUN
            rm -f "$directory/pid"
            # In a session of its own: what stays in the build's process group ends with the build.
            setsid nohup sh "$directory/run" "$directory" "$1" </dev/null >"$directory/log" 2>&1 &
            waited=0
            until is_ours "$(cat "$directory/pid" 2>/dev/null)"; do
                waited=$((waited + 1))
                [ "$waited" -le 50 ] || fail TRANSIENT "the workspace's process did not start within 5 seconds"
                sleep 0.1
            done
        }

        # The agent is for two things: only when it has reported is the prebuild given to anybody, and it is told when that happens.
        # Without curl it cannot call; then this build says itself that all is well.
        write_agent() {
            token=${STOKER_AGENT_TOKEN_MAIN:-}
            if [ -z "$token" ] || [ -z "${STOKER_URL:-}" ] || ! command -v curl >/dev/null; then
                printf '{"type":"agent","name":"main"}\n'
                return
            fi
            # A file for curl to read: arguments are seen by everybody on the machine.
            printf 'Authorization: Bearer %s\n' "$token" >"$directory/agent.header"
            printf '%s\n' "$STOKER_URL" >"$directory/agent.url"
            cat >"$directory/agent.new" <<'AGENT'
        #!/bin/sh
        # Reports that the workspace is ready, then waits to be told that it was claimed, for as long as its directory is there.
        directory=$1
        cd "$directory"

        call() { # path, options of curl
            path=$1
            shift
            curl --silent --show-error --fail --header @agent.header "$@" "$(cat agent.url)/api/v1/agents/me/$path"
        }

        report() {
            call ready --max-time 10 --header 'Content-Type: application/json' --data "{\"state\":\"$1\"}" >/dev/null
        }

        until report ready; do sleep 1; done
        while [ -d "$directory" ]; do
            # What it has heard last; Stoker does not say it again, and says what a broken connection has swallowed.
            last=$(cat claimed 2>/dev/null || echo 0)
            call reinit --no-buffer --header "Last-Event-ID: $last" | while IFS= read -r line; do
                case $line in
                'id: '*) id=${line#id: } ;;
                'data: '*)
                    printf '%s\n' "${line#data: }" >>claims
                    printf '%s\n' "$id" >claimed.new && mv -f claimed.new claimed
                    ;;
                esac
            done
            sleep 1
        done
        AGENT
            mv -f "$directory/agent.new" "$directory/agent"
        }

        stop_process() {
            pid=$(running_pid)
            [ -n "$pid" ] || return 0
            # It leads its session, so the group is the process and its sleep.
            kill -TERM "-$pid" 2>/dev/null || true
            waited=0
            while is_ours "$pid"; do
                waited=$((waited + 1))
                [ "$waited" -le 50 ] || kill -KILL "-$pid" 2>/dev/null || true
                sleep 0.1
            done
            log "stopped process $pid"
        }

        # --- Transitions ---------------------------------------------------------------------------------------------------

        start() {
            command -v setsid >/dev/null || fail INVALID "this template needs setsid (util-linux) on the worker"
            image=$(member image)
            mkdir -p "$directory"
            # Before the process: should this build be killed now, the next one knows what to remove.
            pid=$(running_pid)
            state "${pid:-null}"

            built=$(cat "$directory/image" 2>/dev/null || true)
            if [ -n "$built" ] && [ "$built" != "$image" ]; then
                printf '{"type":"replacement","address":"process.workspace","paths":["image"],"reason":"image changed"}\n'
                stop_process
            fi
            printf '%s\n' "$image" >"$directory/image"

            # A claim lands here: the owner's file is replaced in one step, and the process never notices.
            printf '%s\n' "${STOKER_WORKSPACE_OWNER:-}" >"$directory/owner.new"
            mv -f "$directory/owner.new" "$directory/owner"
            if [ "${STOKER_CLAIM:-false}" = true ]; then
                log "handed over to ${STOKER_WORKSPACE_OWNER:-}"
            fi

            write_agent
            pid=$(running_pid)
            if [ -z "$pid" ]; then
                interval=$(member interval)
                start_process "${interval:-5}"
                pid=$(running_pid)
                log "started process $pid in $directory"
            fi
            state "$pid"
            resource directory
            resource process
        }

        stop() {
            stop_process
            if [ -d "$directory" ]; then
                state null
                resource directory
            fi
        }

        delete() {
            stop_process
            rm -rf "$directory"
            printf '{"type":"state","state":null}\n'
            log "removed $directory"
        }

        case $transition in
        start | stop | delete) "$transition" ;;
        *) fail INVALID "unknown transition '$transition'" ;;
        esac
        printf '{"type":"result"}\n'

        """#

    static let terraformManifest = #"""
        name: terraform-local
        display_name: Terraform, local
        description: Workspaces of Terraform's own terraform_data; needs no provider, no network and no account.
        provisioner: terraform

        # What variables.tf cannot say: both are fixed once a workspace is built.
        parameters:
          region: { mutable: false, display_order: 0 }
          image: { mutable: false, display_order: 1 }
          replace_on_claim: { mutable: false, display_order: 2 }

        presets:
          # A claim changes the owner in place.
          - name: eu-base
            description: Two ready at any time.
            default: true
            parameters: { region: eu, image: base }
            prebuilds:
              instances: 2
              expiration_policy: { ttl: 24h }
              # Another count at other times; outside of these windows, `instances` holds:
              #
              # scheduling:
              #   timezone: Europe/Berlin
              #   schedule:
              #     - { cron: "* 8-17 * * 1-5", instances: 5 }
              #     - { cron: "* 8-13 * * 6", instances: 1 }

          # A claim replaces a resource, which Stoker reports, blocks or avoids (terraform.replacement_policy).
          - name: replace
            description: Shows what a claim that replaces a resource does.
            parameters: { region: us, image: base, replace_on_claim: true }
            prebuilds:
              instances: 1

        """#

    static let terraformMain = #"""
        terraform {
          required_version = ">= 1.4"
        }

        # Everything here is terraform_data: it is part of Terraform, keeps its input in the state, and creates nothing else.

        # Slow to build and the reason to have a pool. It knows nothing of its owner, so a claim does not touch it, unless
        # replace_on_claim ties it to the owner: the mistake that a template should not make.
        resource "terraform_data" "disk" {
          input = {
            region = var.region
            image  = var.image
          }
          triggers_replace = var.replace_on_claim ? [var.stoker_workspace_owner] : []
        }

        # Belongs to someone. A claim changes the owner and the name in place: `input` is updated, nothing is replaced.
        resource "terraform_data" "workspace" {
          input = {
            id       = var.stoker_workspace_id
            name     = var.stoker_workspace_name
            owner    = var.stoker_workspace_owner
            prebuild = var.stoker_prebuild
            disk     = terraform_data.disk.id
          }
        }

        output "owner" {
          value = terraform_data.workspace.output.owner
        }

        """#

    static let terraformVariables = #"""
        # What a person or a preset chooses. Stoker reads these blocks: type, default, sensitivity and validation need not be
        # said again in stoker.yaml.

        variable "region" {
          type        = string
          description = "Where the workspace runs."

          validation {
            condition     = contains(["eu", "us"], var.region)
            error_message = "The region must be eu or us."
          }
        }

        variable "image" {
          type        = string
          description = "What the workspace starts from."
          default     = "base"

          validation {
            condition     = can(regex("^[a-z0-9][a-z0-9-]*$", var.image))
            error_message = "The image must be lower-case letters, digits and dashes."
          }
        }

        variable "replace_on_claim" {
          type        = bool
          description = "Tie the disk to the owner, so that a claim replaces it."
          default     = false
        }

        # What Stoker gives every build. The defaults let `terraform plan` run without it.

        variable "stoker_workspace_id" {
          type    = string
          default = ""
        }

        variable "stoker_workspace_name" {
          type    = string
          default = ""
        }

        variable "stoker_workspace_owner" {
          type    = string
          default = ""
        }

        variable "stoker_prebuild" {
          type    = bool
          default = false
        }

        """#
}
