terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

resource "coder_agent" "main" {
  os   = "linux"
  arch = "amd64"
}

resource "coder_agent" "sidecar" {
  os   = "linux"
  arch = "amd64"
}

data "coder_workspace_preset" "both" {
  name = "Both"
  prebuilds {
    instances = 1
  }
}
