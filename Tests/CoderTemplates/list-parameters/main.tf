terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

data "coder_parameter" "ides" {
  name      = "ides"
  type      = "list(string)"
  form_type = "multi-select"
  default   = jsonencode(["code", "vim"])
  order     = 1
  option {
    name  = "VS Code"
    value = "code"
  }
  option {
    name  = "Vim"
    value = "vim"
  }
  option {
    name  = "Emacs"
    value = "emacs"
  }
}

data "coder_parameter" "tools" {
  name    = "tools"
  type    = "list(string)"
  default = "[]"
  order   = 2
}

data "coder_parameter" "sets" {
  name    = "sets"
  type    = "list(string)"
  default = jsonencode(["a"])
  order   = 3
  option {
    name  = "One"
    value = jsonencode(["a"])
  }
  option {
    name  = "Two"
    value = jsonencode(["a", "b"])
  }
}

data "coder_workspace_preset" "lists" {
  name = "Lists"
  parameters = {
    ides  = jsonencode(["vim"])
    tools = "[\"git\", \"make\"]"
  }
  prebuilds {
    instances = 1
  }
}
