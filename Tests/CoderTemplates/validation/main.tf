terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

data "coder_parameter" "name" {
  name  = "name"
  order = 1
  validation {
    regex = "^[a-z]+$"
    error = "lower-case letters only"
  }
}

data "coder_parameter" "count" {
  name    = "count"
  order   = 2
  type    = "number"
  default = 3
  mutable = true
  validation {
    min       = 1
    max       = 9
    monotonic = "increasing"
  }
}

data "coder_parameter" "token" {
  name    = "token"
  order   = 3
  default = ""
  styling = jsonencode({
    mask_input = true
  })
}

data "coder_parameter" "once" {
  name      = "once"
  order     = 4
  type      = "bool"
  default   = false
  mutable   = true
  ephemeral = true
}
