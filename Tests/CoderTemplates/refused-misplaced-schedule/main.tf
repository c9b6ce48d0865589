terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

data "coder_workspace_preset" "p" {
  name = "P"
  prebuilds {
    instances = 3
    schedule {
      cron      = "* 8-18 * * 1-5"
      instances = 5
    }
  }
}
