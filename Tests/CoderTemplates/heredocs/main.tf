terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

data "coder_parameter" "setup" {
  name        = "setup"
  description = <<-EOT
    What to run.
      With "quotes", { braces } and # no comment.
  EOT
  default     = <<-EOT
    echo one
    echo two
  EOT
}

data "coder_workspace_preset" "default" {
  name = "Default"
  parameters = {
    setup = <<EOT
make all
EOT
  }
  prebuilds {
    instances = 1
  }
}

resource "coder_agent" "main" {
  os             = "linux"
  arch           = "amd64"
  startup_script = <<EOT
if [ -n "$${HOME}" ]; then echo "}" ; fi
EOT
}
