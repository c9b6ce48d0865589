terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

module "base" {
  source = "./modules/base"
  region = "eu-central"
  sizes  = { home = 20 }
}

data "coder_workspace_preset" "base" {
  name       = "Base"
  parameters = { region = "eu-central" }
  prebuilds {
    instances = 3
  }
}
