data "coder_parameter" "zone" {
  name    = "zone"
  default = "a"
  option {
    name  = "A"
    value = "a"
  }
}

data "coder_parameter" "must" {
  name = "must"
}

data "coder_workspace_preset" "p" {
  name       = "P"
  parameters = { zone = "c" }
  prebuilds {
    instances = -1
  }
}
