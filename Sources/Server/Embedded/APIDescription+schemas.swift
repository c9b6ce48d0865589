// SPDX-License-Identifier: Apache-2.0

// Made of Sources/Server/Description/81-schemas.yaml by Scripts/embed-pages.
extension APIDescription {
    static let schemas = ####"""
            Role: { type: string, enum: [owner, template-admin, member] }
            Scope:
              type: string
              enum:
                - all
                - read
                - templates
                - "templates:read"
                - pools
                - "pools:read"
                - workspaces
                - "workspaces:read"
                - jobs
                - "jobs:read"
                - users
                - "users:read"
                - tokens
                - "tokens:read"
                - workers
                - "workers:read"
                - maintenance
                - "maintenance:read"
                - webhooks
                - "webhooks:read"
                - settings
                - "settings:read"
            JobStatus: { type: string, enum: [pending, running, succeeded, canceling, canceled, failed] }
            PresetStatus: { type: string, enum: [healthy, hard_limited, validation_failed] }
            Id: { type: string, format: uuid }
            Time: { type: string, format: date-time }
            Template:
              type: object
              additionalProperties: false
              required: [id, name, org_name, provisioner, active_version, presets, deprecated, created_at]
              properties:
                id: { $ref: "#/components/schemas/Id" }
                name: { type: string }
                org_name: { type: string }
                provisioner: { type: string }
                active_version: { type: string }
                presets: { type: integer }
                deprecated: { type: string, description: "Not empty: it is deprecated, and this is the message." }
                created_at: { $ref: "#/components/schemas/Time" }
            TemplateVersion:
              type: object
              additionalProperties: false
              required: [id, name, message, status, error, active, presets, workspaces, created_at]
              properties:
                id: { $ref: "#/components/schemas/Id" }
                name: { type: string }
                message: { type: string }
                status: { type: string, description: "Of its import; `succeeded` when it needed none." }
                error: { type: string, description: Why its import failed. }
                active: { type: boolean }
                presets: { type: integer }
                workspaces: { type: integer, description: Those that are built of it. }
                created_at: { $ref: "#/components/schemas/Time" }
            Push:
              type: object
              additionalProperties: false
              required: [template_name, version_id, version_name, job_id, status, active, workers_up, warnings]
              properties:
                template_name: { type: string }
                version_id: { $ref: "#/components/schemas/Id" }
                version_name: { type: string }
                job_id: { $ref: "#/components/schemas/Id" }
                status: { $ref: "#/components/schemas/JobStatus" }
                active: { type: boolean, description: Whether it becomes the active version. }
                workers_up: { type: boolean, description: Whether somebody is there to import it. }
                warnings: { type: array, items: { type: string } }
            PoolState:
              type: object
              additionalProperties: false
              required: [actual, expired, desired, eligible, extraneous, starting, stopping, deleting]
              properties:
                actual: { type: integer }
                expired: { type: integer }
                desired: { type: integer }
                eligible: { type: integer }
                extraneous: { type: integer }
                starting: { type: integer }
                stopping: { type: integer }
                deleting: { type: integer }
            Preset:
              type: object
              additionalProperties: false
              required: [id, name, template_name, version_name, org_name, default, status, status_message]
              properties:
                id: { $ref: "#/components/schemas/Id" }
                name: { type: string }
                template_name: { type: string }
                version_name: { type: string }
                org_name: { type: string }
                default: { type: boolean }
                desired_instances: { type: integer, description: "Absent: no pool is kept." }
                status: { $ref: "#/components/schemas/PresetStatus" }
                status_message: { type: string }
                failures_forgotten_before: { $ref: "#/components/schemas/Time" }
                last_invalidated_at: { $ref: "#/components/schemas/Time" }
                paused_until: { anyOf: [{ $ref: "#/components/schemas/Time" }, { const: infinity }] }
                state: { $ref: "#/components/schemas/PoolState" }
            ChangedPreset:
              type: object
              additionalProperties: false
              required: [id, name, template_name, status_before]
              properties:
                id: { $ref: "#/components/schemas/Id" }
                name: { type: string }
                template_name: { type: string }
                status_before: { $ref: "#/components/schemas/PresetStatus" }
            Prebuild:
              type: object
              additionalProperties: false
              required:
                - id
                - name
                - template_name
                - preset_name
                - version_name
                - active
                - transition
                - status
                - eligible
                - waiting_for
                - created_at
              properties:
                id: { $ref: "#/components/schemas/Id" }
                name: { type: string }
                template_name: { type: string }
                preset_name: { type: string }
                version_name: { type: string }
                active: { type: boolean, description: Whether its version is the active one. }
                transition: { type: string, enum: [start, stop, delete] }
                status: { type: string }
                eligible: { type: boolean }
                waiting_for: { type: array, items: { type: string } }
                created_at: { $ref: "#/components/schemas/Time" }
            Pause:
              type: object
              additionalProperties: false
              required: [kind, reason]
              properties:
                kind: { type: string, enum: [reconciliation, maintenance] }
                until: { $ref: "#/components/schemas/Time" }
                reason: { type: string }
                ordered_by: { type: string }
            Paused:
              type: object
              additionalProperties: false
              required: [paused]
              properties:
                paused: { type: boolean }
                pause: { $ref: "#/components/schemas/Pause" }
            PlannedPreset:
              type: object
              additionalProperties: false
              required: [preset_id, preset_name, template_name, org_name, active, status, state, actions, withheld]
              properties:
                preset_id: { $ref: "#/components/schemas/Id" }
                preset_name: { type: string }
                template_name: { type: string }
                org_name: { type: string }
                active: { type: boolean }
                status: { $ref: "#/components/schemas/PresetStatus" }
                state: { $ref: "#/components/schemas/PoolState" }
                actions: { type: array, items: { $ref: "#/components/schemas/Action" } }
                withheld: { type: array, items: { $ref: "#/components/schemas/Withheld" } }
                warnings: { type: array, items: { type: string } }
            Action:
              type: object
              additionalProperties: false
              required: [type]
              properties:
                type: { type: string, enum: [create, delete] }
                count: { type: integer }
                reason: { type: string, enum: [expired, extraneous, inactive] }
                workspace_ids: { type: array, items: { $ref: "#/components/schemas/Id" } }
            Withheld:
              type: object
              additionalProperties: false
              required: [type, count, reason, message]
              properties:
                type: { type: string, enum: [create, delete] }
                count: { type: integer }
                reason:
                  type: string
                  enum: [paused, backoff, hard_limited, validation_failed, version_not_ready, capped, quota]
                until: { anyOf: [{ $ref: "#/components/schemas/Time" }, { const: infinity }] }
                failures: { type: integer }
                message: { type: string }
            Plan:
              type: object
              required: [now, paused, presets]
              properties:
                now: { $ref: "#/components/schemas/Time" }
                paused: { type: boolean }
                pause: { $ref: "#/components/schemas/Pause" }
                presets: { type: array, items: { $ref: "#/components/schemas/PlannedPreset" } }
            Pass:
              allOf: [{ $ref: "#/components/schemas/Plan" }]
              type: object
              unevaluatedProperties: false
              required: [lock]
              properties:
                lock: { type: string, enum: [acquired, held_elsewhere] }
                applied:
                  type: object
                  additionalProperties: false
                  required: [created, deleted, status_changes, failures]
                  properties:
                    created: { type: object, additionalProperties: { type: integer } }
                    deleted: { type: array, items: { $ref: "#/components/schemas/Id" } }
                    status_changes: { type: array, items: { $ref: "#/components/schemas/Id" } }
                    failures: { type: object, additionalProperties: { type: string } }

        """####
}
