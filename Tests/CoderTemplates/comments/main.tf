terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

/* a block comment { with braces
data "coder_parameter" "not_me" {
*/
data "coder_parameter" "a" { # behind
  // a line
  name    = "a" /* inline */
  default = "x" # x
}

# data "coder_parameter" "nor_me" {}

data "coder_workspace_preset" "p" {
  name = "P"
  parameters = { # first
    a = "y" // trailing
  }

  prebuilds { # one
    instances = 1 // of them
  }
}
