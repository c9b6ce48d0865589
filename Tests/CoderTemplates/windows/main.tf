terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

resource "coder_agent" "main" {
  arch = "amd64"
  os   = "windows"
}

data "coder_workspace_preset" "windows" {
  name = "Windows"
  prebuilds {
    instances = 1
  }
}
