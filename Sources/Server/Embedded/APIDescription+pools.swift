// SPDX-License-Identifier: Apache-2.0

// Made of Sources/Server/Description/30-pools.yaml by Scripts/embed-pages.
extension APIDescription {
    static let pools = ####"""
          /presets:
            get:
              operationId: listPresets
              tags: [pools]
              summary: List the presets of all active versions, with their pools' numbers
              description: For every role.
              responses:
                "200":
                  description: Presets by template and name.
                  content:
                    application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Preset" } } }
                default: { $ref: "#/components/responses/Problem" }
          /presets/reset:
            post:
              operationId: resetPresets
              tags: [pools]
              summary: Let hard limited presets be built again, and forget their failures
              description: For `template-admin`.
              requestBody: { $ref: "#/components/requestBodies/PresetSelection" }
              responses:
                "200": { $ref: "#/components/responses/ChangedPresets" }
                default: { $ref: "#/components/responses/Problem" }
          /presets/invalidate:
            post:
              operationId: invalidatePresets
              tags: [pools]
              summary: Replace every prebuild that exists now
              description: For `template-admin`.
              requestBody: { $ref: "#/components/requestBodies/PresetSelection" }
              responses:
                "200": { $ref: "#/components/responses/ChangedPresets" }
                default: { $ref: "#/components/responses/Problem" }
          /prebuilds:
            get:
              operationId: listPrebuilds
              tags: [pools]
              summary: List the prebuilds, those that can be claimed marked
              description: For `template-admin`.
              parameters:
                - { name: template, in: query, description: Only its own., schema: { type: string, maxLength: 64 } }
                - { name: limit, in: query, schema: { type: integer, minimum: 1, maximum: 1000000, default: 1000 } }
              responses:
                "200":
                  description: Prebuilds by template, preset and age.
                  content:
                    application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Prebuild" } } }
                default: { $ref: "#/components/responses/Problem" }
          /prebuilds/pause:
            post:
              operationId: pausePrebuilds
              tags: [pools]
              summary: Hold pools still, all of them or those of a template
              description: For `template-admin`. Claims are served from stock.
              requestBody:
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        template: { type: string, maxLength: 64, description: Only the pools of this template. }
                        until: { type: string, format: date-time, description: When it ends by itself. }
                        reason: { type: string, maxLength: 1000, description: Only for a pause of all pools. }
              responses:
                "204": { description: The pools stand still. }
                default: { $ref: "#/components/responses/Problem" }
          /prebuilds/resume:
            post:
              operationId: resumePrebuilds
              tags: [pools]
              summary: End a pause of all pools, or of a template's
              description: For `template-admin`.
              requestBody:
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        template: { type: string, maxLength: 64 }
              responses:
                "204": { description: The pools go on. }
                default: { $ref: "#/components/responses/Problem" }
          /plan:
            get:
              operationId: makePlan
              tags: [pools]
              summary: What the reconciler would do, and why
              description: For `template-admin`. Changes nothing.
              parameters:
                - { $ref: "#/components/parameters/At" }
              responses:
                "200":
                  description: The plan.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/Plan" } }
                default: { $ref: "#/components/responses/Problem" }
          /reconcile:
            post:
              operationId: reconcile
              tags: [pools]
              summary: Make one pass of the reconciler
              description: For `template-admin`. While a worker is in a pass, none is made.
              requestBody:
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        at: { type: string, format: date-time, description: Make it for this moment. }
              responses:
                "200":
                  description: The plan, and what of it was written.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/Pass" } }
                default: { $ref: "#/components/responses/Problem" }
          /schedule/explain:
            get:
              operationId: explainSchedule
              tags: [pools]
              summary: Whether a schedule covers a moment, and its next windows
              description: For every role.
              parameters:
                - name: cron
                  in: query
                  required: true
                  description: Five fields, read as a window; the minute is `*`.
                  schema: { type: string, maxLength: 200 }
                  example: "* 9-18 * * 1-5"
                - name: timezone
                  in: query
                  description: An IANA time zone.
                  schema: { type: string, maxLength: 64, default: UTC }
                - { $ref: "#/components/parameters/At" }
                - { name: count, in: query, schema: { type: integer, minimum: 0, maximum: 50, default: 5 } }
              responses:
                "200":
                  description: What the schedule says.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/Schedule" } }
                default: { $ref: "#/components/responses/Problem" }
          /schedule/preview:
            get:
              operationId: previewSchedules
              tags: [pools]
              summary: How many prebuilds the schedules want, and from when to when
              description: For `template-admin`.
              parameters:
                - { name: template, in: query, description: Only its pools., schema: { type: string, maxLength: 64 } }
                - { $ref: "#/components/parameters/At" }
                - { name: days, in: query, schema: { type: integer, minimum: 1, maximum: 366, default: 7 } }
              responses:
                "200":
                  description: A preview for each active pool.
                  content:
                    application/json: { schema: { type: array, items: { $ref: "#/components/schemas/SchedulePreview" } } }
                default: { $ref: "#/components/responses/Problem" }

        """####
}
