terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

locals {
  images = ["ubuntu", "debian"]
}

data "coder_parameter" "image" {
  name    = "image"
  default = local.images[0]
  dynamic "option" {
    for_each = toset(local.images)
    content {
      name  = option.value
      value = option.value
    }
  }
}
