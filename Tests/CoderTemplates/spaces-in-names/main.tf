terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

data "coder_parameter" "home" {
  name    = "Home disk size"
  type    = "number"
  default = 5
  validation {
    min = 1
  }
}

data "coder_workspace_preset" "big" {
  name = "Big home"
  parameters = {
    "Home disk size" = 50
  }
  prebuilds {
    instances = 1
  }
}
