data "coder_workspace_preset" "small" {
  name = "Small"
  parameters = {
    "cpu"     = 2
    memory    = "4"
    namespace = "coder"
  }
  prebuilds {
    instances = 1
    expiration_policy {
      ttl = 3600
    }
  }
}

data "coder_workspace_preset" "large" {
  name = "Large"
  parameters = {
    cpu = 8, memory = 32, namespace = "coder"
  }
  prebuilds { instances = 0 }
}
