// SPDX-License-Identifier: Apache-2.0

// Made of Sources/Server/Description/80-components.yaml by Scripts/embed-pages.
extension APIDescription {
    static let components = ####"""
        components:
          securitySchemes:
            token: { type: http, scheme: bearer }
          headers:
            Link:
              description: Where the list goes on, as the relation `next`; absent on its last page.
              schema: { type: string }
          parameters:
            At:
              name: at
              in: query
              description: A moment; else now.
              schema: { type: string, format: date-time }
            Limit:
              name: limit
              in: query
              description: How many elements a page has at most.
              schema: { type: integer, minimum: 1, maximum: 1000 }
            Cursor:
              name: cursor
              in: query
              description: As the link `next` of the page before has it.
              schema: { type: string, maxLength: 200 }
            Template:
              name: template
              in: path
              required: true
              description: Its name.
              schema: { type: string, minLength: 1, maxLength: 64 }
            Endpoint:
              name: endpoint
              in: path
              required: true
              description: The endpoint's name.
              schema: { type: string, minLength: 1, maxLength: 64 }
            Workspace:
              name: workspace
              in: path
              required: true
              description: Its name or id.
              schema: { type: string, minLength: 1, maxLength: 64 }
            Job:
              name: job
              in: path
              required: true
              description: Its id.
              schema: { type: string, format: uuid }
            Worker:
              name: worker
              in: path
              required: true
              description: The workers' name, or an id.
              schema: { type: string, minLength: 1, maxLength: 255 }
          requestBodies:
            PresetSelection:
              required: true
              content:
                application/json:
                  schema:
                    type: object
                    additionalProperties: false
                    required: [target]
                    properties:
                      target:
                        type: string
                        maxLength: 200
                        description: A template, for all its presets; a preset as `template/preset`; or a preset's id.
                      preset: { type: string, maxLength: 128, description: One of the template's presets. }
          responses:
            Endpoint:
              description: The endpoint.
              content:
                application/json: { schema: { $ref: "#/components/schemas/Endpoint" } }
            NewKeys:
              description: The endpoint; a secret or public key that was made just now is shown, this once.
              content:
                application/json: { schema: { $ref: "#/components/schemas/Endpoint" } }
            EndpointDetails:
              description: The endpoint, how it has been doing, and what waits for it.
              content:
                application/json: { schema: { $ref: "#/components/schemas/EndpointDetails" } }
            ChangedPresets:
              description: The presets that were changed.
              content:
                application/json: { schema: { type: array, items: { $ref: "#/components/schemas/ChangedPreset" } } }
            Workers:
              description: The workers that were meant.
              content:
                application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Worker" } } }
            Problem:
              description: |
                What was asked for was not done. 400: the request cannot be read. 401: no valid token. 403: the role or the
                token's scopes do not reach so far. 404: there is no such thing, or it is somebody else's. 405: another method.
                409: a name is taken, or the state of things does not allow it. 410: the template was deleted. 413: the body is
                too large. 415: another media type. 422: the request makes no sense. 429: too many requests. 503: the database
                does not answer.
              headers:
                Retry-After: { description: "Seconds; with 429 and 503.", schema: { type: string } }
              content:
                application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
          schemas:
            Problem:
              type: object
              required: [type, title, status]
              properties:
                type: { type: string, description: "The kind of problem, such as `urn:stoker:problem:name-taken`." }
                title: { type: string }
                status: { type: integer }
                detail: { type: string, description: What happened. }
                remedy: { type: string, description: What to do about it. }
                field: { type: string, description: The field that is not as it should be. }
                errors: { type: array, items: { type: string }, description: All that is wrong in a template. }
                request_id: { type: string, description: As the server's log has it. }

        """####
}
