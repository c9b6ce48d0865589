// SPDX-License-Identifier: Apache-2.0

// Made of Sources/Server/Description/20-templates.yaml by Scripts/embed-pages.
extension APIDescription {
    static let templates = ####"""
          /templates:
            get:
              operationId: listTemplates
              tags: [templates]
              summary: List the templates
              description: For every role.
              responses:
                "200":
                  description: Templates by name.
                  content:
                    application/json: { schema: { type: array, items: { $ref: "#/components/schemas/Template" } } }
                default: { $ref: "#/components/responses/Problem" }
            post:
              operationId: pushTemplate
              tags: [templates]
              summary: Push a template as a new version
              description: |
                For `template-admin`. The body is a tar archive of the template's directory. It is checked at once; then a worker
                imports it as the job that is answered, and the version becomes the active one.
              parameters:
                - { name: name, in: query, description: What the version is called., schema: { type: string, maxLength: 64 } }
                - { name: message, in: query, description: What is new., schema: { type: string, maxLength: 1000 } }
                - name: activate
                  in: query
                  description: Whether it becomes the active version.
                  schema: { type: boolean, default: true }
              requestBody:
                required: true
                content:
                  application/x-tar: { schema: { type: string, format: binary } }
                  application/octet-stream: { schema: { type: string, format: binary } }
              responses:
                "202":
                  description: The version, and the job that imports it.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/Push" } }
                default: { $ref: "#/components/responses/Problem" }

        """####
}
