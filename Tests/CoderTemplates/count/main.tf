terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

data "coder_parameter" "never" {
  count = 0
  name  = "never"
}

data "coder_parameter" "debug" {
  count   = 1
  name    = "debug"
  type    = "bool"
  default = false
}

data "coder_workspace_preset" "off" {
  count = 0
  name  = "Off"
}

data "coder_parameter" "sometimes" {
  count = data.coder_parameter.debug[0].value == "true" ? 1 : 0
  name  = "sometimes"
}
