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

data "coder_workspace_tags" "tags" {
  tags = { cluster = "one" }
}

data "coder_workspace_preset" "europe" {
  name       = "Europe"
  default    = true
  parameters = { region = "eu" }
  prebuilds {
    instances = 1
    expiration_policy {
      ttl = 7200
    }
  }
}

resource "coder_agent" "main" {
  os   = "linux"
  arch = "amd64"
}
