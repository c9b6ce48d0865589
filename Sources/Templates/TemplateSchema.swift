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
              "pattern": "^(?!-)[A-Za-z0-9_.-]{1,64}$(?<!-)",
              "examples": ["go-dev"]
            },
            "display_name": {
              "description": "A name for people to read.",
              "type": "string",
              "examples": ["Go on Debian"]
            },
            "description": {
              "description": "What people get who claim it.",
              "type": "string",
              "examples": ["A machine with Go 1.25 and a large disk."]
            },
            "icon": {
              "description": "A URL or an emoji.",
              "type": "string",
              "examples": ["https://example.com/go.svg"]
            },
            "provisioner": {
              "description": "terraform: the directory is a module. process: it holds a program. echo: builds nothing.",
              "enum": ["terraform", "process", "echo"],
              "default": "terraform",
              "examples": ["process"]
            },
            "executable": {
              "description": "process only: the file to run with start, stop or delete.",
              "type": "string",
              "default": "provision",
              "examples": ["bin/provision"]
            },
            "rehearse": {
              "description": "process only: whether the file, run with rehearse, prints what a claim would replace and changes nothing.",
              "type": "boolean",
              "default": false,
              "examples": [true]
            },
            "tags": {
              "description": "Tags that workers must have to import and build this template. Without: the default tags.",
              "type": "object",
              "maxProperties": 32,
              "propertyNames": { "minLength": 1, "maxLength": 64 },
              "additionalProperties": { "type": ["string", "number", "boolean"], "maxLength": 256 },
              "examples": [{ "zone": "lab", "gpu": true }]
            },
            "parameters": {
              "description": "terraform: additions to the module's variables. process: all parameters.",
              "type": "object",
              "propertyNames": { "pattern": "^(?!stoker_)[A-Za-z_][A-Za-z0-9_-]*$" },
              "additionalProperties": { "anyOf": [{ "$ref": "#/$defs/parameter" }, { "type": "null" }] },
              "examples": [{ "image": { "default": "base", "mutable": true } }]
            },
            "agents": {
              "description": "Agents that must report ready before a prebuild is eligible.",
              "type": "array",
              "uniqueItems": true,
              "items": { "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$" },
              "examples": [["main"]]
            },
            "lifetime": { "$ref": "#/$defs/lifetime" },
            "presets": {
              "description": "Sets of values with a name. A template needs one at least.",
              "type": "array",
              "items": { "$ref": "#/$defs/preset" },
              "examples": [[{ "name": "base", "prebuilds": { "instances": 2 } }]]
            }
          },
          "$defs": {
            "lifetime": {
              "description": "How long workspaces live after their claim. Durations such as 8h, 90m or 14d.",
              "type": "object",
              "examples": [{ "default": "8h", "max": "7d" }],
              "additionalProperties": false,
              "properties": {
                "default": {
                  "description": "The lifetime of a claim that gives none. Without it, the maximum.",
                  "$ref": "#/$defs/duration",
                  "examples": ["8h"]
                },
                "max": {
                  "description": "The longest lifetime with all extensions, from the claim on.",
                  "$ref": "#/$defs/duration",
                  "examples": ["7d"]
                },
                "warn_before": {
                  "description": "How long before an end an event warns; 0: never. Default: 30m.",
                  "$ref": "#/$defs/duration",
                  "examples": ["1h"]
                },
                "dormant_after": {
                  "description": "After how long without use a workspace is stopped.",
                  "$ref": "#/$defs/duration",
                  "examples": ["14d"]
                },
                "delete_after": {
                  "description": "After how long a dormant workspace is deleted. Only with dormant_after.",
                  "$ref": "#/$defs/duration",
                  "examples": ["30d"]
                }
              }
            },
            "duration": {
              "type": ["string", "integer"],
              "pattern": "^(0|(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?)$",
              "minimum": 0,
              "maximum": 0
            },
            "parameter": {
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "description": {
                  "description": "What it is for. terraform: instead of the variable's own description.",
                  "type": "string",
                  "examples": ["What the workspace starts from."]
                },
                "type": {
                  "description": "process only. The type of its values.",
                  "enum": ["string", "number", "bool", "list(string)"],
                  "default": "string",
                  "examples": ["number"]
                },
                "default": {
                  "description": "process only. The value of builds that give none; it must fit the type.",
                  "examples": ["base"]
                },
                "required": {
                  "description": "process only. By default, a parameter without a default value is required.",
                  "type": "boolean",
                  "examples": [false]
                },
                "mutable": {
                  "description": "Whether a later build of a workspace may change it.",
                  "type": "boolean",
                  "default": false,
                  "examples": [true]
                },
                "sensitive": {
                  "description": "process only. The value is in no log, message or event.",
                  "type": "boolean",
                  "default": false,
                  "examples": [true]
                },
                "options": {
                  "description": "The only values allowed.",
                  "type": "array",
                  "items": { "type": ["string", "number", "boolean"] },
                  "examples": [["base", "large"]]
                },
                "validation": { "$ref": "#/$defs/validation", "examples": [{ "regex": "^[a-z]+$" }] },
                "display_order": {
                  "description": "Its place in lists of parameters; the lowest comes first.",
                  "type": "integer",
                  "minimum": 0,
                  "maximum": 10000,
                  "examples": [1]
                }
              }
            },
            "validation": {
              "description": "process only; a module has validation blocks.",
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "regex": {
                  "description": "Must be found in the value; ^ and $ anchor it. RE2, as in Terraform.",
                  "type": "string",
                  "examples": ["^[a-z][a-z0-9-]*$"]
                },
                "min": { "description": "The least value of a number.", "type": "number", "examples": [1] },
                "max": { "description": "The greatest value of a number.", "type": "number", "examples": [64] },
                "error": {
                  "description": "The error message for values that break these rules.",
                  "type": "string",
                  "examples": ["The image must be lower-case letters, digits and dashes."]
                }
              }
            },
            "preset": {
              "type": "object",
              "additionalProperties": false,
              "required": ["name"],
              "properties": {
                "name": {
                  "description": "The preset's name in commands. Unique in the template.",
                  "type": "string",
                  "minLength": 1,
                  "maxLength": 64,
                  "examples": ["us-nix"]
                },
                "description": {
                  "description": "What distinguishes it from the others.",
                  "type": "string",
                  "examples": ["In the US, with Nix."]
                },
                "icon": {
                  "description": "A URL or an emoji.",
                  "type": "string",
                  "examples": ["https://example.com/us.svg"]
                },
                "default": {
                  "description": "Whether claims that name no preset use this one. At most one preset.",
                  "type": "boolean",
                  "default": false,
                  "examples": [true]
                },
                "parameters": {
                  "description": "Values by parameter. A preset with a pool needs one for each required parameter.",
                  "type": "object",
                  "examples": [{ "image": "base" }]
                },
                "prebuilds": { "$ref": "#/$defs/prebuilds", "examples": [{ "instances": 2 }] }
              }
            },
            "prebuilds": {
              "description": "The preset's pool of prebuilds.",
              "type": "object",
              "additionalProperties": false,
              "required": ["instances"],
              "properties": {
                "instances": { "$ref": "#/$defs/instances", "examples": [3] },
                "weight": {
                  "description": "Its share of the workers beside other pools: twice the weight is filled twice as fast.",
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 100,
                  "default": 1,
                  "examples": [2]
                },
                "max_unavailable": {
                  "description": "How much of the pool may be missing because it is replaced; at least one prebuild.",
                  "type": "string",
                  "pattern": "^(100|[0-9]{1,2})%$",
                  "default": "20%",
                  "examples": ["50%"]
                },
                "rollout": {
                  "description": "How a new version takes over the pool.",
                  "type": "object",
                  "examples": [{ "floor": "80%", "on_failure": "rollback" }],
                  "additionalProperties": false,
                  "properties": {
                    "strategy": {
                      "description": "rolling: beside the old pool, step by step. recreate: the old pool is deleted first.",
                      "enum": ["rolling", "recreate"],
                      "default": "rolling",
                      "examples": ["recreate"]
                    },
                    "floor": {
                      "description": "How much of the pool, old and new together, is always ready.",
                      "type": "string",
                      "pattern": "^(100|[0-9]{1,2})%$",
                      "default": "50%",
                      "examples": ["80%"]
                    },
                    "canary": {
                      "description": "How many prebuilds of the new version must become ready before others are built.",
                      "type": "integer",
                      "minimum": 1,
                      "maximum": 1000,
                      "default": 1,
                      "examples": [2]
                    },
                    "progress_deadline": {
                      "description": "The longest time without a new prebuild that becomes ready, such as 30m.",
                      "type": "string",
                      "pattern": "^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$",
                      "default": "30m",
                      "examples": ["1h"]
                    },
                    "on_failure": {
                      "description": "hold: the old pool stays and is kept filled. rollback: the old version is promoted again.",
                      "enum": ["hold", "rollback"],
                      "default": "hold",
                      "examples": ["rollback"]
                    }
                  }
                },
                "autoscale": {
                  "description": "Whether the pool chooses its own size; schedule and instances are a floor then.",
                  "type": "object",
                  "additionalProperties": false,
                  "required": ["mode"],
                  "examples": [{ "mode": "apply", "min": 1, "max": 20 }],
                  "properties": {
                    "mode": {
                      "description": "off: the schedule decides. advise: the size is only shown. apply: the pool decides.",
                      "enum": ["off", "advise", "apply"],
                      "examples": ["advise"]
                    },
                    "goal": {
                      "description": "The share of claims that are to be hits.",
                      "type": "number",
                      "minimum": 0.5,
                      "maximum": 0.999,
                      "default": 0.95,
                      "examples": [0.98]
                    },
                    "min": {
                      "description": "The least size that the pool chooses.",
                      "type": "integer",
                      "minimum": 0,
                      "maximum": 100000,
                      "default": 1,
                      "examples": [2]
                    },
                    "max": {
                      "description": "The largest size that the pool chooses.",
                      "type": "integer",
                      "minimum": 0,
                      "maximum": 100000,
                      "default": 20,
                      "examples": [40]
                    }
                  }
                },
                "expiration_policy": {
                  "description": "When a prebuild is too old to be claimed, and is replaced.",
                  "type": "object",
                  "examples": [{ "ttl": "24h" }],
                  "additionalProperties": false,
                  "required": ["ttl"],
                  "properties": {
                    "ttl": {
                      "description": "The age at which a prebuild is replaced, such as 24h, 90m or 1h30m. 0: never.",
                      "type": ["string", "integer"],
                      "pattern": "^(0|(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?)$",
                      "minimum": 0,
                      "maximum": 0,
                      "examples": ["24h"]
                    }
                  }
                },
                "scheduling": {
                  "description": "Other counts at other times.",
                  "type": "object",
                  "examples": [
                    { "timezone": "UTC", "schedule": [{ "cron": "* 8-18 * * 1-5", "instances": 5 }] }
                  ],
                  "additionalProperties": false,
                  "required": ["timezone", "schedule"],
                  "properties": {
                    "timezone": {
                      "description": "An IANA name, such as UTC or Europe/Berlin.",
                      "type": "string",
                      "examples": ["Europe/Berlin"]
                    },
                    "schedule": {
                      "description": "Windows that must not overlap. Outside of them, instances holds.",
                      "type": "array",
                      "examples": [[{ "cron": "* 8-18 * * 1-5", "instances": 3 }]],
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
                          "instances": { "$ref": "#/$defs/instances", "examples": [3] }
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
