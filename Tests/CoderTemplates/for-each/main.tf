terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

locals { regions = ["eu", "us"] }

data "coder_workspace_preset" "by_region" {
  for_each = toset(local.regions)
  name     = "Region ${each.key}"
  prebuilds {
    instances = 1
  }
}

data "coder_parameter" "many" {
  for_each = toset(local.regions)
  name     = "size_${each.key}"
  default  = "1"
}
