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
  prebuilds {
    instances = 1
  }
}
