terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

variable "use_kubeconfig" {
  type        = bool
  description = "Use host kubeconfig?"
  default     = false
}

variable "namespace" {
  type        = string
  description = "The namespace in which workspaces are created. It must exist."
}

data "coder_parameter" "cpu" {
  name         = "cpu"
  display_name = "CPU"
  description  = "The number of CPU cores"
  default      = "2"
  icon         = "/icon/memory.svg"
  type         = "number"
  mutable      = true
  order        = 1
  option {
    name  = "2 Cores"
    value = "2"
  }
  option {
    name  = "4 Cores"
    value = "4"
  }
  option {
    name  = "6 Cores"
    value = "6"
  }
  option {
    name  = "8 Cores"
    value = "8"
  }
}

data "coder_parameter" "memory" {
  name    = "memory"
  type    = "number"
  default = 4
  mutable = true
  order   = 2
  validation {
    min = 2
    max = 64
  }
}

data "coder_parameter" "home_disk_size" {
  name    = "home_disk_size"
  type    = "number"
  default = "10"
  order   = 3
  validation {
    min   = 1
    max   = 99999
    error = "{value} is not from {min} to {max}"
  }
}

resource "coder_agent" "main" {
  os             = "linux"
  arch           = "amd64"
  startup_script = "true"

  metadata {
    display_name = "CPU Usage"
    key          = "0_cpu_usage"
    script       = "coder stat cpu"
    interval     = 10
    timeout      = 1
  }
}

resource "coder_app" "code-server" {
  agent_id = coder_agent.main.id
  slug     = "code-server"
  url      = "http://localhost:13337?folder=/home/coder"
}
