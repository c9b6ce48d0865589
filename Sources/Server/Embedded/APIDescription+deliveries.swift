// SPDX-License-Identifier: Apache-2.0

// Made of Sources/Server/Description/83-deliveries.yaml by Scripts/embed-pages.
extension APIDescription {
    static let deliveries = ####"""
            Secret:
              type: string
              maxLength: 200
              pattern: "^whsec_"
              description: "`whsec_` and 24 to 64 bytes in base64; else one is made."
            Envelope: { type: string, enum: [standard, cloudevents, coder], description: The form of the body. }
            EventType:
              type: string
              enum:
                - prebuild_failure_limit_reached
                - prebuild_failure_limit_resolved
                - workspace_resource_replaced
                - workspace_build_failed
                - workspace_delete_failed
                - preset_validation_failed
                - pool_depleted
                - pool_recovered
                - worker_lost
                - worker_drained
                - maintenance_started
                - maintenance_ended
                - webhook_endpoint_disabled
                - ping
            Endpoint:
              type: object
              additionalProperties: false
              required: [id, name, url, events, envelope, enabled, disabled_reason, source]
              properties:
                id: { $ref: "#/components/schemas/Id" }
                name: { type: string }
                url: { type: string, description: "Scheme, host and port alone." }
                events: { type: array, items: { type: string }, description: "Empty: all." }
                envelope: { $ref: "#/components/schemas/Envelope" }
                enabled: { type: boolean }
                disabled_reason: { type: string }
                source: { type: string, enum: [command, configuration] }
                secret: { type: string, description: Only when it was made just now. }
                public_key: { type: string, description: Only when its key was made just now. }
            EndpointDetails:
              type: object
              additionalProperties: false
              required:
                - id
                - name
                - url
                - events
                - envelope
                - headers
                - signatures
                - concurrency
                - enabled
                - disabled_reason
                - source
                - circuit
                - consecutive_failures
                - last_error
                - created_at
                - waiting
                - dead_letters
              properties:
                id: { $ref: "#/components/schemas/Id" }
                name: { type: string }
                url: { type: string, description: "Scheme, host and port alone." }
                events: { type: array, items: { type: string }, description: "Empty: all." }
                envelope: { $ref: "#/components/schemas/Envelope" }
                headers: { type: array, items: { type: string }, description: Their names alone. }
                signatures: { type: array, items: { type: string, enum: [v1, v1a] } }
                previous_secret_until: { $ref: "#/components/schemas/Time" }
                concurrency: { type: integer }
                enabled: { type: boolean }
                disabled_reason: { type: string }
                source: { type: string, enum: [command, configuration] }
                circuit: { type: string, enum: [closed, open], description: "`open`: nothing but probes is sent." }
                consecutive_failures: { type: integer }
                failing_since: { $ref: "#/components/schemas/Time" }
                next_probe_at: { $ref: "#/components/schemas/Time" }
                last_status: { type: integer }
                last_error: { type: string }
                last_success_at: { $ref: "#/components/schemas/Time" }
                created_at: { $ref: "#/components/schemas/Time" }
                waiting: { type: integer }
                dead_letters: { type: integer }
            DeliveryStatus:
              type: string
              enum: [pending, leased, sent, temporary_failure, permanent_failure, canceled]
            Ping:
              type: object
              additionalProperties: false
              required: [status, attempts, error_class, excerpt, was_disabled]
              properties:
                status: { $ref: "#/components/schemas/DeliveryStatus" }
                attempts: { type: integer }
                response_code: { type: integer }
                error_class: { type: string }
                latency_ms: { type: integer }
                excerpt: { type: string, description: The beginning of what the endpoint answered. }
                was_disabled: { type: boolean, description: Whether the endpoint was disabled before. }
            Delivery:
              type: object
              additionalProperties: false
              required: [id, event_id, event_type, endpoint, status, attempts, error_class, address, excerpt, created_at]
              properties:
                id: { $ref: "#/components/schemas/Id" }
                event_id: { $ref: "#/components/schemas/Id" }
                event_type: { type: string }
                endpoint: { type: string }
                status: { $ref: "#/components/schemas/DeliveryStatus" }
                attempts: { type: integer }
                response_code: { type: integer }
                latency_ms: { type: integer }
                error_class: { type: string }
                address: { type: string }
                excerpt: { type: string }
                created_at: { $ref: "#/components/schemas/Time" }
                next_attempt_at: { $ref: "#/components/schemas/Time" }
                completed_at: { $ref: "#/components/schemas/Time" }

        """####
}
