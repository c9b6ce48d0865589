terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

data "coder_workspace_preset" "night" {
  name = "night"
  prebuilds {
    instances = "1"
    scheduling {
      timezone = "UTC"
      schedule {
        cron      = "* 0-5 ? * 1-5"
        instances = "4"
      }
    }
  }
}
