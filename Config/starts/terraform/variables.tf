# The parameters of the template.

variable "region" {
  type        = string
  description = "Where the workspace runs."

  validation {
    condition     = contains(["eu", "us"], var.region)
    error_message = "The region must be eu or us."
  }
}

variable "size" {
  type        = string
  description = "How large it is."
  default     = "small"
}

# What Stoker gives every build. The defaults let 'terraform plan' run without Stoker.

variable "stoker_workspace_owner" {
  type    = string
  default = ""
}

variable "stoker_workspace_name" {
  type    = string
  default = ""
}

variable "stoker_prebuild" {
  type    = bool
  default = false
}
