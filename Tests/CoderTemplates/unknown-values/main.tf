terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

data "coder_parameter" "region" {
  name    = "region"
  default = "eu"
}

data "coder_workspace_preset" "p" {
  name = "P"
  parameters = {
    region = "eu"
    gone   = "1"
  }
  prebuilds {
    instances = 1
  }
}
