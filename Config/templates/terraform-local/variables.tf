# The parameters. Stoker reads these blocks: type, default, sensitivity and validation need not be repeated in
# stoker.yaml.

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

# The variables that Stoker gives every build. The defaults let `terraform plan` run without Stoker.

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
