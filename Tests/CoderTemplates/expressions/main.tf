terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

data "coder_parameter" "zone" {
  name    = "zone"
  default = data.aws_availability_zones.all.names[0]
}

data "coder_parameter" "size" {
  name    = "size"
  type    = "number"
  default = var.big ? 64 : 8
}

data "coder_workspace_preset" "p" {
  name = "P"
  parameters = {
    zone = upper("a")
  }
  prebuilds {
    instances = length(local.all)
  }
}
