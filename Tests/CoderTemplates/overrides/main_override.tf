data "coder_parameter" "region" {
  default = "us"
}

data "coder_workspace_preset" "p" {
  prebuilds {
    instances = 5
  }
}
