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
    scheduling {
      timezone = "UTC"
      schedule {
        cron      = "* 8-18 * * 1-5"
        instances = 5
      }
      schedule {
        cron      = "* 18-20 * * 5"
        instances = 5
      }
    }
  }
}
