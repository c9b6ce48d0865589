terraform {
  required_providers {
    coder = {
      source = "coder/coder"
    }
  }
}

resource "coder_agent" "main" {
  os   = "linux"
  arch = "amd64"
}

module "git-clone" {
  count    = 1
  source   = "registry.coder.com/coder/git-clone/coder"
  version  = "~> 1.0"
  agent_id = coder_agent.main.id
}

module "code-server" {
  source   = "registry.coder.com/coder/code-server/coder"
  agent_id = coder_agent.main.id
}

data "coder_workspace_preset" "repo" {
  name       = "Repo"
  parameters = { git_url = "https://example.com/x.git" }
  prebuilds {
    instances = 1
  }
}
