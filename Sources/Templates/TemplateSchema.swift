// SPDX-License-Identifier: Apache-2.0

/// The JSON Schema of `stoker.yaml`, for editors. The reader checks what a schema cannot express, such as overlapping
/// windows.
package enum TemplateSchema {
    /// JSON Schema, draft 2020-12.
    package static let json = #"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "title": "stoker.yaml",
          "description": "A Stoker template: its name, its parameters, and its pools.",
          "type": "object",
          "additionalProperties": false,
          "required": ["name"],
          "properties": {
            "name": {
              "description": "The template's name in commands. Unique in its organization.",
              "type": "string",
              "pattern": "^(?!-)[A-Za-z0-9_.-]{1,64}$(?<!-)"
            },
            "display_name": { "description": "A name for people to read.", "type": "string" },
            "description": { "type": "string" },
            "icon": { "description": "A URL or an emoji.", "type": "string" },
            "provisioner": {
              "description": "terraform: the directory is a module. process: it holds a program. echo: builds nothing.",
              "enum": ["terraform", "process", "echo"],
              "default": "terraform"
            },
            "executable": {
              "description": "process only: the file to run with start, stop or delete.",
              "type": "string",
              "default": "provision"
            },
            "tags": {
              "description": "Tags that workers must have to import and build this template. Without: the default tags.",
              "type": "object",
              "maxProperties": 32,
              "propertyNames": { "minLength": 1, "maxLength": 64 },
              "additionalProperties": { "type": ["string", "number", "boolean"], "maxLength": 256 }
            },
            "parameters": {
              "description": "terraform: additions to the module's variables. process: all parameters.",
              "type": "object",
              "propertyNames": { "pattern": "^(?!stoker_)[A-Za-z_][A-Za-z0-9_-]*$" },
              "additionalProperties": { "anyOf": [{ "$ref": "#/$defs/parameter" }, { "type": "null" }] }
            },
            "agents": {
              "description": "Agents that must report ready before a prebuild is eligible.",
              "type": "array",
              "uniqueItems": true,
              "items": { "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$" }
            },
            "presets": { "type": "array", "items": { "$ref": "#/$defs/preset" } }
          },
          "$defs": {
            "parameter": {
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "description": { "type": "string" },
                "type": {
                  "description": "process only.",
                  "enum": ["string", "number", "bool", "list(string)"],
                  "default": "string"
                },
                "default": { "description": "process only." },
                "required": {
                  "description": "process only. By default, a parameter without a default value is required.",
                  "type": "boolean"
                },
                "mutable": {
                  "description": "Whether a later build of a workspace may change it.",
                  "type": "boolean",
                  "default": false
                },
                "sensitive": {
                  "description": "process only. The value is in no log, message or event.",
                  "type": "boolean",
                  "default": false
                },
                "options": {
                  "description": "The only values allowed.",
                  "type": "array",
                  "items": { "type": ["string", "number", "boolean"] }
                },
                "validation": { "$ref": "#/$defs/validation" },
                "display_order": { "type": "integer", "minimum": 0, "maximum": 10000 }
              }
            },
            "validation": {
              "description": "process only; a module has validation blocks.",
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "regex": { "description": "Must be found in the value; ^ and $ anchor it.", "type": "string" },
                "min": { "type": "number" },
                "max": { "type": "number" },
                "error": { "description": "The error message for values that break these rules.", "type": "string" }
              }
            },
            "preset": {
              "type": "object",
              "additionalProperties": false,
              "required": ["name"],
              "properties": {
                "name": { "type": "string", "minLength": 1, "maxLength": 64 },
                "description": { "type": "string" },
                "icon": { "type": "string" },
                "default": {
                  "description": "Whether claims that name no preset use this one. At most one preset.",
                  "type": "boolean",
                  "default": false
                },
                "parameters": { "description": "Values by parameter.", "type": "object" },
                "prebuilds": { "$ref": "#/$defs/prebuilds" }
              }
            },
            "prebuilds": {
              "description": "The preset's pool of prebuilds.",
              "type": "object",
              "additionalProperties": false,
              "required": ["instances"],
              "properties": {
                "instances": { "$ref": "#/$defs/instances" },
                "weight": {
                  "description": "Its share of the workers beside other pools: twice the weight is filled twice as fast.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 100,
                  "default": 1
                },
                "max_unavailable": {
                  "description": "How much of the pool may be missing because it is replaced; at least one prebuild.",
                  "type": "string",
                  "pattern": "^(100|[0-9]{1,2})%$",
                  "default": "20%"
                },
                "expiration_policy": {
                  "type": "object",
                  "additionalProperties": false,
                  "required": ["ttl"],
                  "properties": {
                    "ttl": {
                      "description": "The age at which a prebuild is replaced, such as 24h, 90m or 1h30m. 0: never.",
                      "type": ["string", "integer"],
                      "pattern": "^(0|(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?)$",
                      "minimum": 0,
                      "maximum": 0
                    }
                  }
                },
                "scheduling": {
                  "type": "object",
                  "additionalProperties": false,
                  "required": ["timezone", "schedule"],
                  "properties": {
                    "timezone": { "description": "An IANA name, such as UTC or Europe/Berlin.", "type": "string" },
                    "schedule": {
                      "description": "Windows that must not overlap. Outside of them, instances holds.",
                      "type": "array",
                      "items": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["cron", "instances"],
                        "properties": {
                          "cron": {
                            "description": "Five fields, read as a window; the minute must be *.",
                            "type": "string",
                            "examples": ["* 8-18 * * 1-5"]
                          },
                          "instances": { "$ref": "#/$defs/instances" }
                        }
                      }
                    }
                  }
                }
              }
            },
            "instances": {
              "description": "How many prebuilds are kept ready.",
              "type": "integer",
              "minimum": 0,
              "maximum": 100000
            }
          }
        }
        """#
}
