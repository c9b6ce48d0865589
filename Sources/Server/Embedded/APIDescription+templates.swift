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
          /templates/{template}:
            parameters:
              - { $ref: "#/components/parameters/Template" }
            delete:
              operationId: deleteTemplate
              tags: [templates]
              summary: Delete a template and empty its pools
              description: For `template-admin`. Refused while people have workspaces of it.
              responses:
                "204": { description: The template is deleted. }
                default: { $ref: "#/components/responses/Problem" }
          /templates/{template}/versions:
            parameters:
              - { $ref: "#/components/parameters/Template" }
            get:
              operationId: listTemplateVersions
              tags: [templates]
              summary: List the versions of a template, newest first
              description: For `template-admin`.
              responses:
                "200":
                  description: Versions, and how their imports ended.
                  content:
                    application/json: { schema: { type: array, items: { $ref: "#/components/schemas/TemplateVersion" } } }
                default: { $ref: "#/components/responses/Problem" }
          /templates/{template}/promote:
            parameters:
              - { $ref: "#/components/parameters/Template" }
            post:
              operationId: promoteTemplateVersion
              tags: [templates]
              summary: Make a version the active one
              description: For `template-admin`. Pools are kept of it from now on, and claims get it.
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      required: [version]
                      properties:
                        version:
                          type: string
                          maxLength: 64
                          description: Its name or id; of several of one name the newest.
              responses:
                "200":
                  description: The version, which is active.
                  content:
                    application/json: { schema: { $ref: "#/components/schemas/TemplateVersion" } }
                default: { $ref: "#/components/responses/Problem" }
          /templates/{template}/deprecate:
            parameters:
              - { $ref: "#/components/parameters/Template" }
            post:
              operationId: deprecateTemplate
              tags: [templates]
              summary: Let nobody claim a template any more, and empty its pools
              description: For `template-admin`. Workspaces that people have stay.
              requestBody:
                content:
                  application/json:
                    schema:
                      type: object
                      additionalProperties: false
                      properties:
                        message:
                          type: string
                          minLength: 1
                          maxLength: 1000
                          description: What people read who want to claim it.
                        undo: { type: boolean, default: false, description: Take it back; without a message. }
              responses:
                "204": { description: The template is deprecated, or is not any more. }
                default: { $ref: "#/components/responses/Problem" }

        """####
}
