terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

data "coder_parameter" "zone" {
  name    = "zone"
  default = "a"
  option {
    name  = "A"
    value = "a"
  }
  option {
    name  = "B"
    value = "b"
  }
}

data "coder_workspace_tags" "tags" {
  tags = {
    cluster = "dev"
    zone    = data.coder_parameter.zone.value
  }
}
