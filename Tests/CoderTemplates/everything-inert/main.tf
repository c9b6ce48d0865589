terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

resource "coder_agent" "main" {
  os        = "linux"
  arch      = "amd64"
  motd_file = "/etc/motd"
  display_apps {
    vscode = false
  }
}
resource "coder_app" "a" {
  agent_id = coder_agent.main.id
  slug     = "a"
}
resource "coder_app" "b" {
  agent_id = coder_agent.main.id
  slug     = "b"
}
data "coder_external_auth" "github" {
  id = "github"
}
data "coder_secret" "key" {
  env          = "KEY"
  help_message = "Add it"
}
resource "coder_metadata" "m" {
  resource_id = "x"
}
resource "coder_devcontainer" "d" {
  agent_id         = coder_agent.main.id
  workspace_folder = "/w"
}
resource "coder_ai_task" "t" {
  app_id = coder_app.a.id
}
resource "coder_script" "s" {
  agent_id     = coder_agent.main.id
  display_name = "S"
  script       = "true"
  run_on_start = true
}
resource "coder_env" "e" {
  agent_id = coder_agent.main.id
  name     = "E"
  value    = "1"
}
