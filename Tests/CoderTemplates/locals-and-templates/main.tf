terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

locals {
  team     = "platform"
  registry = "registry.${local.domain}"
  domain   = "example.com"
  versions = { ubuntu = "24.04" }
  image    = "${local.registry}/base:${local.versions.ubuntu}"
  common   = { (data.coder_parameter.image.name) = local.image }
}

data "coder_parameter" "image" {
  name    = "image"
  default = local.image
}

data "coder_workspace_tags" "tags" {
  tags = { team = local.team }
}

data "coder_workspace_preset" "team" {
  name       = "Team ${local.team}"
  parameters = merge(local.common, {})
  prebuilds {
    instances = 2 * 2
    expiration_policy {
      ttl = 24 * 60 * 60
    }
  }
}
